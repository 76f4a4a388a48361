// SPDX-License-Identifier: GPL-2.0
/* turn off the passes sh_treg_combine*: Debian's gcc-12 for sh is itself miscompiled there, GCC PR106609 */
#include "gcc-plugin.h"
#include "tree.h"
#include "context.h"
#include "tree-pass.h"
int plugin_is_GPL_compatible;
static void off(void *gate, void *)
{
	if (current_pass && !strncmp(current_pass->name, "sh_treg_combine", 15))
		*(int *)gate = 0;
}
int plugin_init(struct plugin_name_args *i, struct plugin_gcc_version *)
{
	register_callback(i->base_name, PLUGIN_OVERRIDE_GATE, off, NULL);
	return 0;
}

/* The commands' entry points, one file each. */
#ifndef CMD_COMMANDS_H
#define CMD_COMMANDS_H

#include <cmd/cmd.h>

int cmd_convert(struct cmd_context *ctx, int argc, const char **argv);
int cmd_describe(struct cmd_context *ctx, int argc, const char **argv);
int cmd_docker(struct cmd_context *ctx, int argc, const char **argv);
int cmd_eval(struct cmd_context *ctx, int argc, const char **argv);
int cmd_export(struct cmd_context *ctx, int argc, const char **argv);
int cmd_health(struct cmd_context *ctx, int argc, const char **argv);
int cmd_help(struct cmd_context *ctx, int argc, const char **argv);
int cmd_inspect(struct cmd_context *ctx, int argc, const char **argv);
int cmd_monitor(struct cmd_context *ctx, int argc, const char **argv);
int cmd_predict(struct cmd_context *ctx, int argc, const char **argv);
int cmd_preprocess(struct cmd_context *ctx, int argc, const char **argv);
int cmd_schema(struct cmd_context *ctx, int argc, const char **argv);
int cmd_serve(struct cmd_context *ctx, int argc, const char **argv);
int cmd_split(struct cmd_context *ctx, int argc, const char **argv);
int cmd_load(struct cmd_context *ctx, int argc, const char **argv);
int cmd_unload(struct cmd_context *ctx, int argc, const char **argv);
int cmd_rollback(struct cmd_context *ctx, int argc, const char **argv);
int cmd_token(struct cmd_context *ctx, int argc, const char **argv);
int cmd_train(struct cmd_context *ctx, int argc, const char **argv);
int cmd_tune(struct cmd_context *ctx, int argc, const char **argv);
int cmd_verify(struct cmd_context *ctx, int argc, const char **argv);

#endif

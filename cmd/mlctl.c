#include <cmd/cmd.h>
#include <cmd/commands.h>
#include <cmd/docs.h>
#include <cmd/out.h>

#include <base/file.h>
#include <base/suggest.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct cmd cmd_table[] = {
#ifndef ML_RUNTIME
    { "describe", "Look at data", "DATA.csv...", "say what is in a CSV file and what is wrong with it",
      "Prints the file's rows, its target, warnings with what to do about each, and its columns: type, missing cells, distinct values, how strongly they go with the target (0 to 1), histogram and statistics. Changes nothing. docs/describe.md says how each number is found.\n\nWarnings are no error: the exit code is 0. --json prints everything, for scripts; --html FILE writes a page.",
      "mlctl describe churn.csv\nmlctl describe churn.csv --target left --sort link\nmlctl describe churn.csv --html churn.html\nmlctl describe churn.csv --json | jq -r '.warnings[] | select(.level == \"problem\") | .text'",
      cmd_describe },
    { "schema", "Look at data", "DATA.csv...", "print the columns of CSV files and their types as JSON",
      "Reads the files as one table and prints one JSON document: how many rows, and of each column the type that was inferred (number, boolean, instant, category, text, identifier) and what was seen. Kept as a file, the document pins the types of later files: with --schema FILE, here and in the other commands that read a table, a missing or extra column, a cell of another type or a category that is not listed is an error that names the cell (exit 3). Members to add by hand: required, minimum, maximum.",
      "mlctl schema data.csv > schema.json\nmlctl schema new.csv --schema schema.json > /dev/null && echo the data is as it was\nmlctl train data.csv --schema schema.json",
      cmd_schema },
    { "convert", "Look at data", "DATA.csv...", "rewrite a CSV file plainly, as mlctl reads it",
      "Reads a file in whatever dialect it is and writes its typed cells: UTF-8, commas, numbers in their shortest form, dates as ISO 8601, missing cells empty; --json an array of objects. It shows what mlctl makes of a file, and makes a file that every other program reads.",
      "mlctl convert umsatz.csv --rows 5\nmlctl convert export.tsv -o plain.csv\nmlctl convert data.csv --json | jq '.[0]'",
      cmd_convert },
    { "train", "Build a model", "DATA.csv...", "train a model on a CSV file",
      "Reads the file, infers delimiter, types and task, holds rows out, fits cleaning and model on the others, measures the held-out rows and writes the model. Everything inferred or defaulted is said. The file may be packed with gzip or zstd; - is standard input.\n\nMinimises the mean loss + l2/2 |w|^2 + l1 |w|, the bias free. If DATA.csv.prep.json is there (mlctl preprocess wrote it), that pipeline goes into the model, which then takes raw rows.",
      "mlctl train churn.csv\nmlctl train churn.csv --target left --drop-columns id,name --split last:0.2\nmlctl train house.csv --kind linear --l1 0.01 --optimiser lbfgs -m house.safetensors\nmlctl train big.csv --kind mlp --checkpoint state --resume\nmlctl train --reproduce model.safetensors",
      cmd_train },
    { "tune", "Build a model", "DATA.csv...", "find the best settings, train with them",
      "Tries settings of mlctl train by cross-validating the training rows, prints the best of them, trains a model with those on all training rows and writes it. Rows that --split holds out are measured at the end and not looked at before. With no --set a space for each kind of model is searched, and with no --kind every kind that suits the target.\n\nTrials run side by side, one on a thread; the model does not depend on how many. Each is written to the log as it is done: the same command goes on after a kill, and ends with the same model. Only --time-budget makes a search depend on the machine. docs/tune.md has the details.",
      "mlctl tune churn.csv\nmlctl tune churn.csv --metric f1 --time-budget 5m\nmlctl tune churn.csv --kind mlp --set l2=1e-4..1:log --set 'hidden=64|128,64' --trials 100\nmlctl tune house.csv --kind linear --search grid --set l2=1e-4..10:log:9 --set 'power=none|yeo-johnson'",
      cmd_tune },
    { "eval", "Build a model", "[DATA.csv...]", "measure a model",
      "Without a file: the rows that train held out, found again by the recorded path, digest, split and seed; if the file is gone the recorded metrics are printed as recorded. With files, which are read as one table: every row that has a target.",
      "mlctl eval\nmlctl eval test.csv --json\nmlctl eval test.csv --require 'accuracy>=0.9' --require 'log_loss<=0.3'",
      cmd_eval },
    { "split", "Build a model", "DATA.csv...", "split a CSV file into several",
      "Writes the rows of a file as they stand, each with the header, to two files or more: what --split holds out to the second one and those after it. The same --split, --group and --seed as in mlctl train take the same rows. A random split keeps the shares of classes, see --stratify; --split random:0.2,0.1 makes three files of 70, 20 and 10 percent.",
      "mlctl split churn.csv -o train.csv,test.csv\nmlctl split visits.csv --group patient --split random:0.15,0.15 -o train.csv,valid.csv,test.csv\nmlctl split sales.csv --split time:day:0.25 -o before.csv,after.csv",
      cmd_split },
    { "preprocess", "Build a model", "RAW.csv...", "clean a CSV file, keep the fitted pipeline",
      "Fits the pipeline on the training rows and writes the clean rows (features, then the target) and beside them OUT.prep.json, the fitted pipeline. mlctl train OUT finds it and puts it into the model. With --apply a stored pipeline is applied to new rows instead.",
      "mlctl preprocess raw.csv -o clean.csv && mlctl train clean.csv\nmlctl preprocess --apply clean.csv.prep.json new.csv -o new-clean.csv\nmlctl preprocess raw.csv -o clean.csv --missing-flags --outliers iqr:1.5 --scale robust,age=none --explain",
      cmd_preprocess },
#endif
    { "predict", "Use a model", "DATA.csv...", "predict the rows of a CSV file",
      "Writes a CSV file with a column prediction and, for classes, a probability each (a score each of a support vector machine). Columns are found by name, in any order; the target may be missing. Several files, or a quoted pattern, are read as one. Streams at constant memory; - is standard input. --json writes an array of objects in place of CSV.",
      "mlctl predict new.csv -o out.csv\nmlctl predict - < new.csv\nmlctl predict 'new/*.csv' --keep id,name",
      cmd_predict },
    { "serve", "Use a model", "[[NAME=]MODEL...]", "answer predictions over HTTP",
      "A MODEL is a file, or a folder of models: NAME/VERSION/model.safetensors; NAME=FOLDER has VERSION/model.safetensors. The newest version answers where none is said. POST /predict takes a JSON object, an array of objects, or text/csv. GET /healthz /readyz /metrics /model /version; / and /docs are pages for a browser. A changed model is noticed, SIGHUP reads all again; one that is damaged changes nothing. Ends on SIGTERM or SIGINT after the requests in flight.\n\nOn the same port: Open Inference Protocol v2 (KServe, Triton: /v2), TensorFlow Serving and KServe v1 (/v1), MLflow and Amazon SageMaker (/invocations /ping), Vertex AI. What these platforms say in the environment (AIP_HTTP_PORT, AIP_PREDICT_ROUTE, AIP_HEALTH_ROUTE, SAGEMAKER_BIND_TO_PORT, SAGEMAKER_MODEL_SERVER_WORKERS, SAGEMAKER_MODEL_SERVER_TIMEOUT, SAGEMAKER_MAX_PAYLOAD_IN_MB, SAGEMAKER_MULTI_MODEL, MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT) are defaults of the options below; a port from there means all addresses, too. What changes the server (load, unload, rollback) is off unless --tokens has a key of scope admin. docs/serving.md, docs/security.md and docs/observability.md have the details.",
      "mlctl serve --port 8080\nmlctl serve churn=churn.safetensors price=price.safetensors\nmlctl serve models/ --canary churn=2:5% --shadow churn=3 --label churn:stable=1\nmlctl serve -a 0.0.0.0 --tls-cert chain.pem --tls-key key.pem --tokens keys --rate-limit 100\ncurl --json '{\"age\": 31, \"city\": \"Oslo\"}' http://127.0.0.1:8080/predict",
      cmd_serve },
    { "health", "Use a model", "URL", "ask a server whether it is well",
      "GET of the URL; exit 0 for a 2xx answer, 1 for any other answer, 5 when there is none. For container probes.",
      "mlctl health http://127.0.0.1:8080/readyz\nmlctl health https://127.0.0.1:8443/", cmd_health },
    { "monitor", "Use a model", "LOG...", "compare the rows of a prediction log with those of training",
      "Reads the log of mlctl serve --prediction-log (JSON lines), or raw rows in CSV, and says of each column how far its values have moved from the training rows that the model keeps histograms of: population stability index (below 0.1 hardly, from 0.2 on much), missing cells, numbers outside of the range of training, categories that it did not see. The worst column comes first. With --max-psi exit 1 when one is above it. Streams at constant memory; - is standard input; files may be packed with gzip or zstd. docs/drift.md has the formulas.\n\nLines of other models, by their digest, are passed over. A file that does not begin with { is CSV, which --csv says of standard input.",
      "mlctl monitor predictions.log -m model.safetensors\nmlctl monitor 'logs/*.gz' --max-psi 0.2 --json\nmlctl monitor may.csv --max-psi 0.2 || [ $? -ne 1 ] || mlctl train may.csv", cmd_monitor },
    { "rollback", "Use a model", "URL NAME", "have a server go back to what a model was before",
      "Asks the server at the URL, with a token of scope admin, to end the model's canary; if there is none, to go back to what its file was before it was replaced, or else to the next older version. Exit 0 when it is done, 1 when the server says no and why, 5 when it does not answer. With https the server's certificate is checked.",
      "mlctl rollback http://127.0.0.1:8080 churn --token-file boss.token\nmlctl rollback https://models.example.org churn --token-file boss.token --ca ca.pem",
      cmd_rollback },
    { "load", "Use a model", "URL NAME", "have a server read a model's files again",
      "Asks the server at the URL, with a token of scope admin, to read the files of a model again, also one that was unloaded or rolled back. Exit 0 when it is done, 1 when the server says no and why, 5 when it does not answer.",
      "mlctl load http://127.0.0.1:8080 churn --token-file boss.token", cmd_load },
    { "unload", "Use a model", "URL NAME", "have a server serve a model no more",
      "Asks the server at the URL, with a token of scope admin, to serve a model no more until it is loaded. Exit 0 when it is done, 1 when the server says no and why, 5 when it does not answer.",
      "mlctl unload http://127.0.0.1:8080 churn --token-file boss.token", cmd_unload },
    { "token", "Use a model", "new", "make a token for a server that asks for one",
      "Prints a new token, once: it is kept nowhere, and cannot be found again. The line is for the file of mlctl serve --tokens; it holds the token's SHA-256, and who reads it has nothing to ask with. Scopes: predict (predictions, what is served), metrics (GET /metrics), admin (what changes the server).\n\nA client sends Authorization: Bearer TOKEN, or X-API-Key: TOKEN. docs/security.md has the details.",
      "mlctl token new --name shop\nmlctl token new --name prometheus --scopes metrics --json | tee >(jq -r .line >> keys) | jq -r .token\nmlctl serve --tokens keys",
      cmd_token },
    { "inspect", "Look at a model", "[MODEL]", "print what is in a model file",
      "Schema, pipeline, network, training record and metrics of a model file; --json prints the whole document.",
      "mlctl inspect\nmlctl inspect churn.safetensors --json", cmd_inspect },
    { "verify", "Look at a model", "[MODEL]", "check a model file",
      "Reads the file as strictly as a server would: container, digest, that all parts fit together, and that the model predicts for the rows it keeps what it did when it was made (exit 4 if not). --sha256 compares its digest, --data the digest of the recorded training data, of several files in the order of training (exit 1 on a mismatch).",
      "mlctl verify model.safetensors\nmlctl verify --data churn.csv\nmlctl verify --data 'parts/*.csv'", cmd_verify },
#ifndef ML_RUNTIME
    { "export", "Ship a model", "[MODEL]", "write a model in a form that needs no mlctl",
      "c: one C99 file without dependencies, the whole pipeline included. json: schema, pipeline, weights, labels: enough to write the model again by hand.",
      "mlctl export --format c -o churn.c\nmlctl export --format json -o -", cmd_export },
    { "docker", "Ship a model", "[MODEL]", "write a Docker build context for a model",
      "A context that needs no network and no base image: Dockerfile FROM scratch, the serve-only program with the shared libraries it loads, the model, .dockerignore, compose.yaml.",
      "mlctl docker && docker build -t churn docker/ && docker run -p 8080:8080 churn",
      cmd_docker },
#endif
    { "help", "Help", "[COMMAND]", "print this, or the help of a command",
      "--format prints the documents that are made from the same rows: man, markdown, completion.",
      "mlctl help\nmlctl help train", cmd_help },
    { 0 },
};

static size_t count_commands(void)
{
    size_t n = 0;
    while (cmd_table[n].name)
        n++;
    return n;
}

static const struct cmd *find_command(const char *name)
{
    for (const struct cmd *cmd = cmd_table; cmd->name; cmd++)
        if (strcmp(cmd->name, name) == 0)
            return cmd;
    return NULL;
}

static void print_overview(FILE *to)
{
    fprintf(to, "usage: mlctl COMMAND [OPTION...]\n\n"
                "From a CSV file to a trained, evaluated, served and containerised model.\n");
    const char *group = "";
    for (const struct cmd *cmd = cmd_table; cmd->name; cmd++) {
        if (strcmp(cmd->group, group) != 0)
            fprintf(to, "\n%s\n", cmd->group);
        group = cmd->group;
        fprintf(to, "  %-12s%s\n", cmd->name, cmd->summary);
    }
    fprintf(to, "\nmlctl help COMMAND prints a command's options; mlctl --version the version.\n"
                "Data is positional; - is standard input or output. Exit codes:\n"
                "  0 done   1 a gate said no   2 usage   3 invalid data   4 invalid artifact\n"
                "  5 system failure   6 training failed   130, 143 interrupted\n");
}

static int unknown_command(const char *name)
{
    const char *names[32] = { 0 };
    size_t n = count_commands();
    for (size_t i = 0; i < n; i++)
        names[i] = cmd_table[i].name;
    size_t near = mli_suggest(name, names, n);
    if (near < n)
        fprintf(stderr, "mlctl: no command \"%s\"; did you mean \"%s\"?\n", name, names[near]);
    else
        fprintf(stderr, "mlctl: no command \"%s\"; mlctl help lists them\n", name);
    return CMD_USAGE;
}

int cmd_help_all(enum cmd_docs form)
{
    for (const struct cmd *cmd = cmd_table; cmd->name; cmd++) {
        struct cmd_context ctx = { .cmd = cmd, .docs = form };
        cmd->run(&ctx, 0, NULL);
    }
    return CMD_DONE;
}

static int help_of(const char *name, enum cmd_docs form)
{
    const struct cmd *cmd = find_command(name);
    if (!cmd)
        return unknown_command(name);
    struct cmd_context ctx = { .cmd = cmd, .docs = form };
    return cmd->run(&ctx, 0, NULL);
}

static int help_form(struct cmd_context *ctx, const char *format)
{
    static const char *const names[] = { "text", "man", "markdown", "completion" };
    for (int i = 0; i < 4; i++)
        if (strcmp(format, names[i]) == 0)
            return (int)CMD_HELP + i;
    fprintf(stderr, "mlctl %s: no format \"%s\"; there are: text man markdown completion\n",
            ctx->cmd->name, format);
    return -1;
}

static json_t *overview_json(void)
{
    json_t *doc = json_array();
    for (const struct cmd *cmd = cmd_table; cmd->name; cmd++)
        json_array_append_new(doc, json_pack("{ssssss}", "name", cmd->name, "arguments", cmd->arguments,
                                             "summary", cmd->summary));
    return doc;
}

int cmd_help(struct cmd_context *ctx, int argc, const char **argv)
{
    char *format = "text";
    struct poptOption options[] = {
        { "format", 0, POPT_ARG_STRING | POPT_ARGFLAG_SHOW_DEFAULT, &format, 0,
          "text, man, markdown or completion", "FORM" },
        POPT_TABLEEND
    };
    int code = cmd_parse(ctx, argc, argv, options, 0, 1);
    if (code != CMD_CONTINUE)
        return code;
    int form = help_form(ctx, format);
    if (form < 0)
        return CMD_USAGE;
    if (ctx->json)
        return out_json(ctx, overview_json());
    if (ctx->nargs)
        code = help_of(ctx->args[0], (enum cmd_docs)form);
    else if (form == CMD_HELP)
        print_overview(stdout), code = CMD_DONE;
    else
        code = cmd_help_all((enum cmd_docs)form);
    return code ? code : out_end(ctx, CMD_DONE);
}

void cmd_die(int number)
{
    sigset_t only;
    mli_output_remove_all();
    signal(number, SIG_DFL);
    sigemptyset(&only);
    sigaddset(&only, number);
    sigprocmask(SIG_UNBLOCK, &only, NULL);
    raise(number);
}

static void on_signal(int number)
{
    cmd_die(number);
}

/*
 * A signal that ends the program takes the unfinished outputs with it. One that is ignored, as under nohup, stays so.
 * train and serve, which have something to finish first, put handlers of their own in the place of these.
 */
static void catch_signals(void)
{
    static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
    const struct sigaction action = { .sa_handler = on_signal };
    struct sigaction before;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(numbers[i], &action, NULL);
}

int main(int argc, char **argv)
{
    signal(SIGXFSZ, SIG_IGN);
    catch_signals();
    if (argc < 2) {
        print_overview(stderr);
        return CMD_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
        puts("mlctl " ML_VERSION);
        return out_end(&(struct cmd_context){ .cmd = find_command("help") }, CMD_DONE);
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        print_overview(stdout);
        return out_end(&(struct cmd_context){ .cmd = find_command("help") }, CMD_DONE);
    }
    const struct cmd *cmd = find_command(name);
    if (!cmd)
        return unknown_command(name);
    struct cmd_context ctx = { .cmd = cmd };
    int code = cmd->run(&ctx, argc - 1, (const char **)argv + 1);
    cmd_end(&ctx);
    return code;
}

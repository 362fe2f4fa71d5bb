#include <export/c_code.h>

/* clang-format off: a line of text a line */

const char mli_c_code_usage[] =
    " *\n"
    " *     @_row row = { ... };\n"
    " *     @_result result;\n"
    " *     int status = @_predict(&row, &result);\n"
    " *\n"
    " * C99, needs nothing but the C library (link with -lm). A missing number is NAN, a missing category NULL\n"
    " * or \"\"; a category that training did not see is allowed. Other files get the declarations alone by\n"
    " * `#define @_DECLARE_ONLY` before they include this one. Do not compile with -ffast-math: it does away\n"
    " * with NAN.\n"
    " */\n";

const char mli_c_code_result[] =
    "typedef struct @_result {\n"
    "    int index;         /* of the most probable class */\n"
    "    const char *label; /* its name */\n"
    "    double probabilities[@_CLASSES];\n"
    "} @_result;\n\n";

const char mli_c_code_result_scores[] =
    "typedef struct @_result {\n"
    "    int index;         /* of the class with the largest score */\n"
    "    const char *label; /* its name */\n"
    "    double scores[@_CLASSES];\n"
    "} @_result;\n\n";

const char mli_c_code_result_labels[] =
    "    @_TARGETS\n"
    "};\n"
    "\n"
    "typedef struct @_result {\n"
    "    int index[@_TARGETS];         /* of each target's more probable label, 0 or 1 */\n"
    "    const char *label[@_TARGETS]; /* its name */\n"
    "    double probabilities[@_TARGETS][2];\n"
    "} @_result;\n\n";

const char mli_c_code_declaration[] =
    "/* 0; -1 if row or result is NULL, -2 if a number of the row is infinite: result is untouched then. */\n"
    "int @_predict(const @_row *row, @_result *result);\n"
    "\n"
    "#endif\n";

const char mli_c_code_begin[] =
    "\n#ifndef @_DECLARE_ONLY\n"
    "\n"
    "#include <math.h>\n"
    "#include <stddef.h>\n"
    "#include <string.h>\n"
    "\n"
    "/* a*b+c rounds twice, as in mlctl */\n"
    "#if defined(__GNUC__) && !defined(__clang__)\n"
    "#pragma GCC push_options\n"
    "#pragma GCC optimize(\"fp-contract=off\")\n"
    "#else\n"
    "#pragma STDC FP_CONTRACT OFF\n"
    "#endif\n";

const char mli_c_code_end[] =
    "\n#if defined(__GNUC__) && !defined(__clang__)\n"
    "#pragma GCC pop_options\n"
    "#endif\n"
    "\n"
    "#endif\n";

const char mli_c_code_categories[] =
    "\n/* Place of a text among the values of training; -1: it is missing, -2: training did not see it. */\n"
    "static int @_code(const char *text, const char *const *values, int count)\n"
    "{\n"
    "    int i;\n"
    "\n"
    "    if (text == NULL || text[0] == '\\0')\n"
    "        return -1;\n"
    "    for (i = 0; i < count; i++)\n"
    "        if (strcmp(text, values[i]) == 0)\n"
    "            return i;\n"
    "    return -2;\n"
    "}\n";

/* As table/boolean.c has it. */
const char mli_c_code_boolean[] =
    "\n/* 0 or 1 for a word that means no or yes; -1: it is missing, -2: it is no such word. */\n"
    "static int @_boolean(const char *text)\n"
    "{\n"
    "    size_t i, k;\n"
    "\n"
    "    if (text == NULL || text[0] == '\\0')\n"
    "        return -1;\n"
    "    for (i = 0; i < sizeof @_words / sizeof *@_words; i++) {\n"
    "        for (k = 0; text[k] != '\\0'; k++) {\n"
    "            char c = text[k] >= 'A' && text[k] <= 'Z' ? (char)(text[k] - 'A' + 'a') : text[k];\n"
    "            if (c != @_words[i][k])\n"
    "                break;\n"
    "        }\n"
    "        if (text[k] == '\\0' && @_words[i][k] == '\\0')\n"
    "            return (int)(i % 2);\n"
    "    }\n"
    "    return -2;\n"
    "}\n";

const char mli_c_code_onehot[] =
    "\n/*\n"
    " * One feature a value: 1 for that of the code, else 0. With `missing` one more, for a missing cell; with `rare`\n"
    " * one more, for whatever has none of these.\n"
    " */\n"
    "static void @_indicators(int code, int count, int missing, int rare, double *x)\n"
    "{\n"
    "    int i;\n"
    "\n"
    "    for (i = 0; i < count + missing + rare; i++)\n"
    "        x[i] = 0.0;\n"
    "    if (code >= 0)\n"
    "        x[code] = 1.0;\n"
    "    else if (code == -1 && missing)\n"
    "        x[count] = 1.0;\n"
    "    else if (rare)\n"
    "        x[count + missing] = 1.0;\n"
    "}\n";

/* As prep/dates.c has it. */
const char mli_c_code_dates[] =
    "\nenum { @_YEAR, @_MONTH, @_DAY, @_WEEKDAY, @_HOUR, @_MINUTE, @_YEARDAY, @_EPOCH };\n"
    "\n/* Part of a date in UTC. Eras of 400 years whose years begin in March; day 0 of era 0 is 0000-03-01. */\n"
    "static double @_date(double seconds, int part)\n"
    "{\n"
    "    double inside = fmin(fmax(seconds, -62167219200.0), 253402300799.0);\n"
    "    double days = floor(inside / 86400);\n"
    "    double hour = floor((inside - days * 86400) / 3600);\n"
    "    long day, era, of_era, year, of_year, month;\n"
    "\n"
    "    if (isnan(seconds))\n"
    "        return seconds;\n"
    "    if (part == @_HOUR)\n"
    "        return hour;\n"
    "    if (part == @_MINUTE)\n"
    "        return floor((inside - days * 86400) / 60) - hour * 60;\n"
    "    if (part == @_EPOCH)\n"
    "        return inside / 86400;\n"
    "    day = (long)days + 719468 + 146097; /* one era more: never negative */\n"
    "    if (part == @_WEEKDAY)\n"
    "        return (double)((day + 2) % 7); /* 0000-03-01 was a Wednesday */\n"
    "    era = day / 146097;\n"
    "    of_era = day % 146097;\n"
    "    year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;\n"
    "    of_year = of_era - (365 * year + year / 4 - year / 100);\n"
    "    month = (5 * of_year + 2) / 153; /* 0 is March */\n"
    "    if (part == @_DAY)\n"
    "        return (double)(of_year - (153 * month + 2) / 5 + 1);\n"
    "    if (part == @_MONTH)\n"
    "        return (double)(month < 10 ? month + 3 : month - 9);\n"
    "    year += (era - 1) * 400 + (month >= 10);\n"
    "    if (part == @_YEARDAY) /* of_year counts from March on, the days before it are 59 or 60 */\n"
    "        return (double)(month >= 10 ? of_year - 305\n"
    "                                    : of_year + 60 + (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)));\n"
    "    return (double)year;\n"
    "}\n";

/* As prep/power.c has it. */
const char mli_c_code_power[] =
    "\nstatic double @_yeo_johnson(double x, double lambda)\n"
    "{\n"
    "    double logarithm = log1p(fabs(x)), power = x >= 0 ? lambda : 2 - lambda, y;\n"
    "\n"
    "    y = fabs(power) < 2.220446049250313e-16 ? logarithm : expm1(power * logarithm) / power;\n"
    "    return x >= 0 ? y : -y;\n"
    "}\n";

/* As prep/murmur.c has it. */
const char mli_c_code_hash[] =
    "\n#include <stdint.h>\n"
    "\nstatic uint32_t @_scramble(uint32_t k)\n"
    "{\n"
    "    k *= 0xcc9e2d51u;\n"
    "    return (k << 15 | k >> 17) * 0x1b873593u;\n"
    "}\n"
    "\n/* MurmurHash3_x86_32 with seed 0. */\n"
    "static uint32_t @_murmur(const char *text, size_t n)\n"
    "{\n"
    "    const unsigned char *p = (const unsigned char *)text;\n"
    "    uint32_t h = 0, k = 0;\n"
    "    size_t i;\n"
    "\n"
    "    for (i = 0; i < n; i++) {\n"
    "        k |= (uint32_t)p[i] << 8 * (i % 4);\n"
    "        if (i % 4 == 3) {\n"
    "            h ^= @_scramble(k);\n"
    "            h = (h << 13 | h >> 19) * 5 + 0xe6546b64u;\n"
    "            k = 0;\n"
    "        }\n"
    "    }\n"
    "    h ^= @_scramble(k) ^ (uint32_t)n;\n"
    "    h = (h ^ h >> 16) * 0x85ebca6bu;\n"
    "    h = (h ^ h >> 13) * 0xc2b2ae35u;\n"
    "    return h ^ h >> 16;\n"
    "}\n"
    "\n/* The text as one of count features: 1 or -1, by its hash. All 0 if it is missing. */\n"
    "static void @_hash(const char *text, size_t count, double *x)\n"
    "{\n"
    "    uint32_t h;\n"
    "    size_t i;\n"
    "\n"
    "    for (i = 0; i < count; i++)\n"
    "        x[i] = 0.0;\n"
    "    if (text == NULL || text[0] == '\\0')\n"
    "        return;\n"
    "    h = @_murmur(text, strlen(text));\n"
    "    x[(h >> 31 ? 0u - h : h) % count] = h >> 31 ? -1.0 : 1.0;\n"
    "}\n";

/* As la/plain.c adds. */
const char mli_c_code_dense[] =
    "\n/* Four sums side by side, then the rest: the order of additions is part of the result. */\n"
    "static double @_dot(size_t n, const double *a, const double *b)\n"
    "{\n"
    "    double s0 = 0.0, s1 = 0.0, s2 = 0.0, s3 = 0.0, sum;\n"
    "    size_t i, whole = n - n % 4;\n"
    "\n"
    "    for (i = 0; i < whole; i += 4) {\n"
    "        s0 += a[i] * b[i];\n"
    "        s1 += a[i + 1] * b[i + 1];\n"
    "        s2 += a[i + 2] * b[i + 2];\n"
    "        s3 += a[i + 3] * b[i + 3];\n"
    "    }\n"
    "    sum = (s0 + s2) + (s1 + s3);\n"
    "    for (i = whole; i < n; i++)\n"
    "        sum += a[i] * b[i];\n"
    "    return sum;\n"
    "}\n"
    "\n/* z (outputs) = weight (outputs,inputs) x + bias */\n"
    "static void @_dense(size_t inputs, size_t outputs, const double *weight, const double *bias,\n"
    "                    const double *x, double *z)\n"
    "{\n"
    "    size_t j;\n"
    "\n"
    "    for (j = 0; j < outputs; j++)\n"
    "        z[j] = @_dot(inputs, x, weight + j * inputs) + bias[j];\n"
    "}\n";

const char mli_c_code_refusals[] =
    "\n"
    "    if (row == NULL || result == NULL)\n"
    "        return -1;\n";

const char mli_c_code_value[] = "    result->value = z[0];\n";

/* As net/rows.c has it. */
const char mli_c_code_mean[] = "    result->value = exp(z[0] < 700 ? z[0] : 700);\n";

/* The two below cannot overflow and round as net/cross_entropy.c does. */
const char mli_c_code_logistic[] =
    "    e = exp(-fabs(z[0]));\n"
    "    result->probabilities[0] = z[0] >= 0 ? e / (1 + e) : 1 / (1 + e);\n"
    "    result->probabilities[1] = z[0] >= 0 ? 1 / (1 + e) : e / (1 + e);\n";

const char mli_c_code_softmax[] =
    "    for (k = 1, top = 0; k < @_CLASSES; k++)\n"
    "        if (z[k] > z[top])\n"
    "            top = k;\n"
    "    for (k = 0, e = 0.0; k < @_CLASSES; k++) {\n"
    "        result->probabilities[k] = exp(z[k] - z[top]);\n"
    "        if (k != top)\n"
    "            e += result->probabilities[k];\n"
    "    }\n"
    "    for (k = 0; k < @_CLASSES; k++)\n"
    "        result->probabilities[k] /= 1 + e;\n";

const char mli_c_code_score[] =
    "    result->scores[0] = -z[0];\n"
    "    result->scores[1] = z[0];\n";

const char mli_c_code_scores[] =
    "    for (k = 0; k < @_CLASSES; k++)\n"
    "        result->scores[k] = z[k];\n";

const char mli_c_code_label_scores[] =
    "    for (k = 1, top = 0; k < @_CLASSES; k++)\n"
    "        if (result->scores[k] > result->scores[top])\n"
    "            top = k;\n"
    "    result->index = top;\n"
    "    result->label = @_labels[top];\n";

const char mli_c_code_label[] =
    "    for (k = 1, top = 0; k < @_CLASSES; k++)\n"
    "        if (result->probabilities[k] > result->probabilities[top])\n"
    "            top = k;\n"
    "    result->index = top;\n"
    "    result->label = @_labels[top];\n";

/* As the logistic one above, for each. */
const char mli_c_code_labels[] =
    "    for (k = 0; k < @_TARGETS; k++) {\n"
    "        e = exp(-fabs(z[k]));\n"
    "        result->probabilities[k][0] = z[k] >= 0 ? e / (1 + e) : 1 / (1 + e);\n"
    "        result->probabilities[k][1] = z[k] >= 0 ? 1 / (1 + e) : e / (1 + e);\n"
    "        result->index[k] = result->probabilities[k][1] > result->probabilities[k][0];\n"
    "        result->label[k] = @_labels[k][result->index[k]];\n"
    "    }\n";

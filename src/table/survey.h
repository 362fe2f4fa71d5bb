/* Survey: what `mlctl schema` prints, and table/rules.h reads: the schema that was inferred, and what was seen. */
#ifndef TABLE_SURVEY_H
#define TABLE_SURVEY_H

#include <base/json.h>
#include <table/table.h>

#define MLI_SURVEY_CATEGORIES ((size_t)1000) /* a column with more values does not list them */

/*
 * {"rows":891,"columns":[
 *   {"name":"age","type":"number","integer":false,"missing":177,"min":0.42,"max":80},
 *   {"name":"when","type":"instant","format":"iso","missing":0,"min":"2013-01-01","max":"2013-12-31"},
 *   {"name":"sex","type":"category","missing":0,"distinct":2,"categories":["female","male"]}],
 *  "read":{"source":"titanic.csv","bytes":60302,"encoding":"utf-8","delimiter":","}}
 *
 * A number of which there is none has neither min nor max. Texts and identifiers list no values. NULL: no memory.
 * As many threads as processors if `threads` is 0.
 */
json_t *mli_survey(const struct ml_table *table, size_t threads);

#endif

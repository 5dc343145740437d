// duckdb.js is as much of DuckDB's command line as the recipe of docs/mqttdump.md needs, on
// DuckDB's package for Node: duckdb -csv -noheader -c STATEMENT.
const { DuckDBInstance } = require('@duckdb/node-api');

async function main(args) {
  if (args.length !== 4 || args.slice(0, 3).join(' ') !== '-csv -noheader -c') {
    throw new Error(`not a command line that is known here: ${args}`);
  }
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const rows = (await connection.runAndReadAll(args[3])).getRows();
  for (const row of rows) {
    const fields = row.map((field) => (field === null ? '' : String(field)));
    console.log(fields.map((f) => (/[",\n]/.test(f) ? `"${f.replaceAll('"', '""')}"` : f)).join(','));
  }
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exit(1);
});

/** What `--help` prints. */
export const help = `Finds lottery tickets: small sub-networks that, rewound to their starting weights, train as well as the whole.

Usage:
  winning-ticket run EXPERIMENT.json [--store DIR] [--json]
      Runs an experiment and prints what it found. What the store holds already is not computed again.
      --store DIR   where runs and reports are kept; default: .winning-ticket in the current folder
      --json        print the report as one JSON document
  winning-ticket inspect FILE… [--json | --markdown | --csv]
      Says what is in checkpoints and where their zeros are.
  winning-ticket diff A B [--json]
      Compares two checkpoints: structure, weights kept in both, sign flips, distance, overlap of the masks.
  winning-ticket doctor [--json]
      Says which executors can be used on this machine, and how fast they are.
  winning-ticket --help | --version

Progress goes to standard error, results to standard output.
Exit codes: 0 done; 1 the work failed; 2 the arguments or the experiment are wrong; 130 cancelled.
`;

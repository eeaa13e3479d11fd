/** What `--help` prints. */
export const help = `Finds lottery tickets: small sub-networks that, rewound to their starting weights, train as well as the whole.

Usage:
  winning-ticket run EXPERIMENT.json [--store DIR] [--executor NAME] [--parallel N] [--checkpoint-seconds S] [--store-limit GIB]
                     [--html FILE] [--json]
      Runs an experiment and prints what it found. What the store holds already is not computed again.
      --store DIR      where runs and reports are kept; default: .winning-ticket in the current folder
      --executor NAME  instead of the one that the experiment names: auto, wasm, webgpu, tensorflow, tensorflow-gpu or cpu
      --parallel N     at most so many runs side by side, on parts of the processors; default: chosen for the machine
      --checkpoint-seconds S  how often runs save how far they are; 0: only when they are stopped; default: 10
      --store-limit GIB  stop before the store takes more than so many GiB; 0: no limit
      --html FILE      also write everything the panel shows into one page, for any browser; nothing is loaded by it
      --json           print the report as one JSON document
  winning-ticket inspect FILE… [--json | --markdown | --csv]
      Says what is in checkpoints and where their zeros are.
  winning-ticket diff A B [--json]
      Compares two checkpoints: structure, weights kept in both, sign flips, distance, overlap of the masks.
  winning-ticket prune FILE --out FILE (--sparsity S | --density D) [OPTIONS] [--json]
      Writes a pruned copy in the same format, and checks it; the original is never written to.
      --method M       magnitude (default); structured: whole outputs; n:m: of M neighbouring inputs N stay
      --sparsity S     share of the weights that go, 0 to 1; or --density D: share that stays
      --scope WHERE    global (default): ranked all together; layer: each tensor by itself
      --role-policy P  shares that go by kind of layer, e.g. attention=0.5,feed-forward=0.7
      --pattern N:M    with n:m; default 2:4
      --norm l1|l2     with structured; default l2
      --exclude NAME   a tensor or module that stays as it is, * for any characters; may be repeated
      --overwrite      replace another file at --out
  winning-ticket export EXPERIMENT.json|STORE --level L -o FILE [--format FORMAT] [OPTIONS] [--json]
      Writes a ticket of the store (start, mask, trained weights, where they come from), reads it back and compares.
      --level L        of the iterative series; 0 is the dense network
      --method M       a comparison instead, e.g. random-mask
      --replicate R    counted from 1; default 1
      --format FORMAT  safetensors, npz, tfjs (FILE is the model.json), h5 (Keras) or pt (PyTorch); default: by FILE's ending
      --what PART      ticket (default); trained: with the zeros written in; start; mask
      --mask-pairs     with pt: weight_orig and weight_mask, as torch.nn.utils.prune has them
      --store DIR      where the results of EXPERIMENT.json are; default: .winning-ticket in the current folder
      --overwrite      replace another file at FILE
  winning-ticket shrink MODEL -o FILE [OPTIONS] [--json]
  winning-ticket shrink EXPERIMENT.json|STORE --level L -o FILE [OPTIONS] [--json]
      Writes the smaller model that is left once filters and neurons go that do nothing, after comparing the outputs of both.
      --format FORMAT  tfjs (FILE is the model.json), h5, pt, safetensors or npz; default: by FILE's ending
      --what PART      of a run: trained (default); start: the weights it started from
      --method, --replicate, --store, --overwrite  as for export
  winning-ticket submit EXPERIMENT.json --cluster slurm [OPTIONS] [--json]
      Computes an experiment on a cluster: each run a task, what needs others after them, the report in a last job.
      --store DIR      where runs and reports are kept, seen by all nodes; default: .winning-ticket in the current folder
      --executor NAME  instead of the one that the experiment names; "auto" takes wasm, whose bits are those of every node
      --partition P, --time T, --cpus-per-task N, --mem M
                       as sbatch has them; default: those of the cluster
      --sbatch-option=OPTION
                       any other option of sbatch, e.g. --sbatch-option=--account=physics; may be repeated
      --max-tasks N    of the tasks of one depth at most at a time
      --dry-run        print what would be submitted, and submit nothing
  winning-ticket cluster status|cancel NAME [--store DIR] [--json]
      Says how far an experiment on a cluster is, or takes back what is left of it there.
  winning-ticket store verify [--store DIR] [--json]
      Reads every run of a store to its end and says which do not hold what was written; nothing is changed.
  winning-ticket store gc [--store DIR] [--dry-run] [--json]
      Removes what no experiment refers to, what was deleted or set aside as damaged a week ago, and decoded data that no
      job has used for thirty days. --dry-run says what would go, and how many bytes.
  winning-ticket queue [list] [--store DIR] [--json]
  winning-ticket queue add EXPERIMENT.json… | remove NAME | first NAME [--store DIR] [--json]
      Says what is at work on a store, what waits for its turn, in order, and what is paused; or changes what waits.
  winning-ticket queue run [--store DIR] [--executor NAME] [--parallel N] [--checkpoint-seconds S] [--store-limit GIB] [--json]
      Works through the queue until nothing waits. One that fails does not stop the others. Ctrl+C pauses the one at work;
      one whose process is killed waits again. Options as for run, for each of the experiments.
  winning-ticket pause NAME [--store DIR]
  winning-ticket cancel NAME [--store DIR]
      Stops an experiment at work, whoever started it; one that waits keeps its place but is not begun, or leaves the queue.
  winning-ticket resume NAME [--experiment FILE] [--store DIR]
      Makes an experiment the next of the queue, to go on where it stopped.
      --experiment FILE  its file, where the queue does not know it
  winning-ticket doctor [--store DIR] [--json]
      Says which executors can be used on this machine and why others cannot, how fast they are, and which "auto" takes.
      --store DIR      also whether jobs can work in that store: version, permissions, free space, who holds its lock
  winning-ticket --help | --version

Progress goes to standard error, results to standard output.
Exit codes: 0 done; 1 the work failed; 2 the arguments or the experiment are wrong; 130 cancelled.
`;

/** What a job of SLURM is given: its arguments, and the script that it runs. Pure. */

/** Jobs whose task died without being asked to (memory, a broken node) begin anew so many times. */
const mostRestarts = 3;

/** Seconds before its time is over that a job is told so. */
const noticeSeconds = 60;

/**
 * Text as one word of a POSIX shell, whatever is in it.
 * @throws RangeError where it holds a zero character, which no word can
 */
export function quoted(text: string): string {
  if (text.includes('\0')) throw new RangeError('a zero character cannot be handed to a program');
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * Runs a program and hands on what SLURM says to the job. SIGTERM (preempted, requeued, cancelled): the program saves and
 * ends; SLURM requeues the job itself where it should. SIGUSR2 (time is nearly over) and a death that nobody asked for: the
 * script asks for it.
 * @param program with its arguments
 * @param environment beside what the job has
 */
export function jobScript(program: readonly string[], environment: Readonly<Record<string, string>>): string {
  const exported = Object.entries(environment).map(([name, value]) => `export ${name}=${quoted(value)}\n`);
  return `#!/bin/sh
set -u
task=
heard=
asked=
again=
stop() {
  heard=1
  asked=1
  [ -z "$task" ] || kill -s TERM "$task" 2>/dev/null
}
trap stop TERM
trap 'again=1; stop' USR2
${exported.join('')}${program.map(quoted).join(' ')} &
task=$!
wait "$task"
code=$?
# a signal ends the wait, not the program
while [ -n "$heard" ]; do
  heard=
  wait "$task"
  code=$?
done
if [ -z "$asked" ] && [ "$code" -gt 130 ] && [ "\${SLURM_RESTART_COUNT:-0}" -lt ${mostRestarts} ]; then
  echo "winning-ticket: the task died (exit code $code): asking for it to begin again"
  again=1
fi
if [ -n "$again" ] && [ -n "\${SLURM_JOB_ID:-}" ]; then
  # SLURM ends this script then, at once
  trap - TERM USR2
  scontrol requeue "$SLURM_JOB_ID" && sleep 300
fi
exit "$code"
`;
}

export interface JobRequest {
  readonly name: string;
  /** Where the job works. */
  readonly directory: string;
  /** Path of its log; `%` has no meaning in it. */
  readonly log: { readonly directory: string; readonly name: string };
  /** Tasks of an array; left out: a job alone. */
  readonly tasks?: number;
  /** Of these at most at a time. */
  readonly tasksAtOnce?: number | undefined;
  /** Jobs that must have ended before. */
  readonly after: readonly string[];
  /** Of a person, for `sbatch` as they are. */
  readonly options: readonly string[];
}

/** For `sbatch`, which reads the script from its standard input. */
export function sbatchArguments(request: JobRequest): string[] {
  const { name, directory, log, tasks, tasksAtOnce, after, options } = request;
  return [
    '--parsable',
    `--job-name=${name}`,
    `--chdir=${directory}`,
    `--output=${log.directory.replaceAll('%', '%%')}/${log.name}`,
    '--open-mode=append',
    '--requeue',
    `--signal=B:USR2@${noticeSeconds}`,
    ...(tasks === undefined ? [] : [`--array=0-${tasks - 1}${tasksAtOnce === undefined ? '' : `%${tasksAtOnce}`}`]),
    // one that failed keeps nobody from the rest: who needs its run sees that it is missing
    ...(after.length > 0 ? [`--dependency=afterany:${after.join(':')}`] : []),
    ...options,
  ];
}

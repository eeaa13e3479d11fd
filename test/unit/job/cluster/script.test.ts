import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { jobScript, quoted, sbatchArguments } from '../../../../src/job/cluster/script';

/** What a shell hands to a program. */
const shell = (script: string, environment: NodeJS.ProcessEnv = {}): string =>
  execFileSync('/bin/sh', { input: script, encoding: 'utf8', env: { ...process.env, ...environment } });
const print = [process.execPath, '-e', 'process.stdout.write(JSON.stringify(process.argv.slice(1)))', '--'];

describe('a word for the shell', () => {
  it.each(['plain', '', "it's", `"$HOME" \`id\` $(id)`, 'two\nlines\n#SBATCH --wrap=id', '-rf', '\\', '*'])(
    'is handed on as it is: %j',
    text => {
      expect(JSON.parse(shell(`${print.map(quoted).join(' ')} ${quoted(text)}`))).toEqual([text]);
    },
  );

  it('cannot hold a zero character', () => {
    expect(() => quoted('a\0b')).toThrow(RangeError);
  });
});

describe('the script of a job', () => {
  const failing = (code: string): string => jobScript([process.execPath, '-e', code], {});
  /** Says where SLURM would have been asked. */
  const asked = 'scontrol() { echo "asked to $*"; false; }\n';

  it('hands every argument on, sets the environment, and ends with the exit code', () => {
    const argv = ['run', "/data/it's $HOME/x.json", 'a\nb'];
    expect(JSON.parse(shell(jobScript([...print, ...argv], {})))).toEqual(argv);
    const environment = { WORDS: 'a "b" \'c\'' };
    expect(shell(jobScript([process.execPath, '-p', 'process.env.WORDS'], environment))).toBe(`a "b" 'c'\n`);
    expect(() => shell(failing('process.exit(3)'))).toThrow(expect.objectContaining({ status: 3 }));
  });

  it('asks for a task to begin again that was killed, three times at most, and never for one that failed', () => {
    const output = (script: string, restarts: string): string => {
      try {
        return shell(asked + script, { SLURM_JOB_ID: '17', SLURM_RESTART_COUNT: restarts });
      } catch (error) {
        return (error as { stdout: string }).stdout;
      }
    };
    const killed = failing('process.kill(process.pid, "SIGKILL")');
    expect(output(killed, '2')).toContain('asked to requeue 17');
    expect(output(killed, '3')).toBe('');
    expect(output(failing('process.exit(1)'), '0')).toBe('');
  });

  it('tells the program to save when SLURM says that time is nearly over, and asks for it to begin again', () => {
    const saving =
      'process.on("SIGTERM", () => { console.log("saved"); process.exit(130); }); process.kill(process.ppid, "SIGUSR2"); setInterval(() => {}, 1000)';
    let output = '';
    try {
      shell(asked + failing(saving), { SLURM_JOB_ID: '17' });
    } catch (error) {
      const { stdout, status } = error as { stdout: string; status: number };
      expect(status).toBe(130);
      output = stdout;
    }
    expect(output).toBe('saved\nasked to requeue 17\n');
  });
});

describe('arguments of sbatch', () => {
  const job = {
    name: 'winning-ticket a',
    directory: '/s',
    log: { directory: '/50% off/logs', name: 'slurm-%A_%a.log' },
  };

  it('make an array that follows others, with a log whose folder stands for itself', () => {
    const argv = sbatchArguments({ ...job, tasks: 8, tasksAtOnce: 2, after: ['4', '5'], options: ['--account=x y'] });
    expect(argv).toContain('--array=0-7%2');
    expect(argv).toContain('--dependency=afterany:4:5');
    expect(argv).toContain('--output=/50%% off/logs/slurm-%A_%a.log');
    expect(argv.at(-1)).toBe('--account=x y');
    expect(argv).toEqual(expect.arrayContaining(['--parsable', '--requeue', '--open-mode=append']));
  });

  it('of a job alone that follows nothing say nothing of either', () => {
    const text = sbatchArguments({ ...job, after: [], options: [] }).join(' ');
    expect(text).not.toMatch(/--array|--dependency/);
  });
});

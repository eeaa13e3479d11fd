/** The command line: the same job as in VS Code, without VS Code. */
import { runCli } from './job/cli/main';

void runCli(process.argv.slice(2));

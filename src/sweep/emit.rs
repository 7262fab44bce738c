//! A sweep as a job for the engines that clusters run: every shard an idempotent task, and a last one that
//! gathers them.

use std::fmt::Write;

use super::tables::quoted;

/// An engine that job files are written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// HyperQueue: a job definition file (TOML) for `hq job submit-file`.
    Hyperqueue,
    /// Slurm: a script for `sbatch`, run as a job array.
    Slurm,
}

/// What a job consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// What the job is called.
    pub name: String,
    /// The program.
    pub program: String,
    /// Where it is run: names of files are relative to it.
    pub folder: String,
    /// The sweep.
    pub sweep: String,
    /// The folder of results.
    pub out: String,
    /// How many tasks the points are dealt to.
    pub tasks: u64,
    /// Threads of each task.
    pub threads: u16,
}

/// How often HyperQueue starts a task whose worker was lost.
const CRASH_LIMIT: u32 = 100;

impl Job {
    /// The job file for `engine`.
    pub fn text(&self, engine: Engine) -> String {
        match engine {
            Engine::Hyperqueue => self.hyperqueue(),
            Engine::Slurm => self.slurm(),
        }
    }

    fn shard_folder(&self, task: &str) -> String {
        format!("{}/shards/{task}", self.out)
    }

    fn shard(&self, task: &str) -> Vec<String> {
        let (shard, threads) = (format!("{task}/{}", self.tasks), self.threads.to_string());
        let words = [&self.program, "sweep", &self.sweep, "--shard", &shard, "--threads", &threads, "--out"];
        words.into_iter().map(str::to_owned).chain([self.shard_folder(task)]).collect()
    }

    /// Without the names of the shards' folders.
    fn merge(&self) -> Vec<String> {
        let words = [self.program.as_str(), "sweep", "merge", "--out", &self.out];
        words.into_iter().map(str::to_owned).collect()
    }

    /// Format: <https://it4innovations.github.io/hyperqueue/stable/jobs/jobfile/>.
    fn hyperqueue(&self) -> String {
        // JSON's strings are TOML's basic strings.
        let toml = |text: &str| serde_json::Value::from(text).to_string();
        let list = |words: Vec<String>| {
            let words: Vec<String> = words.iter().map(|word| toml(word)).collect();
            format!("[{}]", words.join(", "))
        };
        let mut text = format!(
            "# {} tasks, and one that gathers their results: hq job submit-file FILE\n\
             # A task that is lost with its worker is started again and goes on where it was.\n\
             name = {}\n",
            self.tasks,
            toml(&self.name)
        );
        let mut task = |id: u64, command: Vec<String>, more: &str, cpus: u16| {
            // Writing to a string cannot fail.
            let _ = write!(
                text,
                "\n[[task]]\nid = {id}\ncwd = {}\ncommand = {}\ncrash_limit = {CRASH_LIMIT}\n{more}\
                 [[task.request]]\nresources = {{ \"cpus\" = {cpus} }}\n",
                toml(&self.folder),
                list(command)
            );
        };
        for id in 1..=self.tasks {
            task(id, self.shard(&id.to_string()), "", self.threads);
        }
        let all: Vec<String> = (1..=self.tasks).map(|id| id.to_string()).collect();
        let mut merge = self.merge();
        merge.extend(all.iter().map(|id| self.shard_folder(id)));
        task(self.tasks + 1, merge, &format!("deps = [{}]\n", all.join(", ")), 1);
        text
    }

    /// Format: <https://slurm.schedmd.com/sbatch.html>.
    fn slurm(&self) -> String {
        let shell = |words: Vec<String>| words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
        // The number of the task stands outside of quotes.
        let mut shard = self.shard("TASK");
        shard.truncate(shard.len() - 1);
        let at = shard.iter().position(|word| word.starts_with("TASK/")).unwrap_or(0);
        let tail = shard.split_off(at + 1);
        shard.pop();
        let (head, tail) = (shell(shard), shell(tail));
        let (tasks, folder) = (self.tasks, quoted(&self.folder));
        let shards = quoted(&format!("{}/shards", self.out));
        format!(
            "#!/bin/bash\n\
             # {tasks} tasks; when all are through, one gathers their results. Submit with:\n\
             #   job=$(sbatch --parsable FILE)\n\
             #   sbatch --dependency=afterok:$job --cpus-per-task=1 FILE merge\n\
             # A task that is started again goes on where it was.\n\
             #SBATCH --job-name={}\n\
             #SBATCH --array=1-{tasks}\n\
             #SBATCH --cpus-per-task={}\n\
             #SBATCH --requeue\n\
             set -euo pipefail\n\
             cd {folder}\n\
             if [ \"${{1:-}}\" = merge ]; then\n\
             \x20 [ \"${{SLURM_ARRAY_TASK_ID:-1}}\" = 1 ] || exit 0\n\
             \x20 exec {} {shards}/*\n\
             fi\n\
             exec {head} \"$SLURM_ARRAY_TASK_ID/{tasks}\" {tail} {shards}/\"$SLURM_ARRAY_TASK_ID\"\n",
            self.name.replace(|c: char| !c.is_ascii_alphanumeric(), "-"),
            self.threads,
            shell(self.merge()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job() -> Job {
        Job {
            name: "my sweep".into(),
            program: "/opt/spikeloom".into(),
            folder: "/home/me".into(),
            sweep: "s.yaml".into(),
            out: "the out".into(),
            tasks: 2,
            threads: 3,
        }
    }

    #[test]
    fn job_files_are_as_the_engines_read_them() {
        let toml = job().text(Engine::Hyperqueue);
        for line in [
            "name = \"my sweep\"",
            "command = [\"/opt/spikeloom\", \"sweep\", \"s.yaml\", \"--shard\", \"2/2\", \"--threads\", \"3\", \
             \"--out\", \"the out/shards/2\"]",
            "resources = { \"cpus\" = 3 }",
            "deps = [1, 2]",
            "command = [\"/opt/spikeloom\", \"sweep\", \"merge\", \"--out\", \"the out\", \"the out/shards/1\", \
             \"the out/shards/2\"]",
        ] {
            assert!(toml.lines().any(|found| found == line), "{line} is not in\n{toml}");
        }
        let script = job().text(Engine::Slurm);
        for line in [
            "#SBATCH --job-name=my-sweep",
            "#SBATCH --array=1-2",
            "  exec /opt/spikeloom sweep merge --out 'the out' 'the out/shards'/*",
            "exec /opt/spikeloom sweep s.yaml --shard \"$SLURM_ARRAY_TASK_ID/2\" --threads 3 --out \
             'the out/shards'/\"$SLURM_ARRAY_TASK_ID\"",
        ] {
            assert!(script.lines().any(|found| found == line), "{line} is not in\n{script}");
        }
    }
}

// Jobs: the pipelines that run in the background or are stopped, and waiting for those in the foreground.
//
// Jobs outlive the command that starts them: their memory is kept out of the round's (ManagedHeap.Keep).

using CSharpOS.Runtime;

namespace CSharpOS.User.Shell;

/// <summary>A process of a job.</summary>
internal sealed class JobProcess(int pid)
{
    public int Pid => pid;

    public int Status { get; set; }

    public bool HasEnded { get; set; }

    public bool IsStopped { get; set; }
}

/// <summary>A pipeline that was started.</summary>
internal sealed class Job(int number, string text)
{
    public int Number => number;

    public string Text => text;

    /// <summary>The group of its processes; the first one's number.</summary>
    public int Group { get; set; }

    public List<JobProcess> Processes { get; } = new();

    public bool HasEnded => Count(ended: true) == Processes.Count;

    public bool IsStopped => !HasEnded && Count(ended: false) + Count(ended: true) == Processes.Count;

    /// <summary>The raw status of the last process.</summary>
    public int Status => Processes.Count == 0 ? 0 : Processes[Processes.Count - 1].Status;

    private int Count(bool ended)
    {
        int count = 0;
        foreach (JobProcess process in Processes)
        {
            count += ended ? (process.HasEnded ? 1 : 0) : process.IsStopped && !process.HasEnded ? 1 : 0;
        }

        return count;
    }
}

/// <summary>The shell's jobs.</summary>
internal static class Jobs
{
    private static readonly List<Job> s_jobs = new();
    private static bool s_warned;

    /// <summary>A new job without processes.</summary>
    public static Job New(string text)
    {
        bool outside = ManagedHeap.Keep(true);
        int number = 1;
        foreach (Job other in s_jobs)
        {
            number = Math.Max(number, other.Number + 1);
        }

        Job job = new(number, new string(text.AsSpan()));
        s_jobs.Add(job);
        ManagedHeap.Keep(outside);
        return job;
    }

    public static void AddProcess(Job job, int pid)
    {
        bool outside = ManagedHeap.Keep(true);
        job.Processes.Add(new JobProcess(pid));
        ManagedHeap.Keep(outside);
    }

    /// <summary>The child forgets the jobs of its parent.</summary>
    public static void Forget() => s_jobs.Clear();

    /// <summary>The job that %1, %% or nothing names, or a number of a process; null if there is none.</summary>
    public static Job? Find(string name)
    {
        if (name.Length == 0 || name == "%%" || name == "%+" || name == "%")
        {
            return s_jobs.Count == 0 ? null : s_jobs[s_jobs.Count - 1];
        }

        if (!Number.TryParse(name.AsSpan(name[0] == '%' ? 1 : 0), out int number))
        {
            return null;
        }

        foreach (Job job in s_jobs)
        {
            if (name[0] == '%' ? job.Number == number : job.Group == number)
            {
                return job;
            }
        }

        return null;
    }

    /// <summary>Waits until the job has ended or is stopped; what $? is then.</summary>
    public static int WaitForeground(Job job)
    {
        while (!job.HasEnded && !job.IsStopped && WaitOne(0))
        {
        }

        Terminal.TakeBack();
        int status = job.Status;
        if (job.IsStopped)
        {
            Console.WriteLine($"\n[{job.Number}]+  Stopped                 {job.Text}");
            return 128 + Unix.SIGTSTP;
        }

        s_jobs.RemoveAt(IndexOf(job));
        if (!Unix.HasExited(status))
        {
            int signal = status & 0x7f;
            if (signal == Unix.SIGINT)
            {
                Console.WriteLine();
            }
            else if (signal != Unix.SIGPIPE)
            {
                Console.Error.WriteLine(Unix.Strsignal(signal));
            }
        }

        return Unix.ExitStatus(status);
    }

    /// <summary>Waits for every job in the background.</summary>
    public static void WaitAll()
    {
        while (s_jobs.Count > 0 && !AllStopped() && WaitOne(0))
        {
            RemoveEnded(report: false);
        }
    }

    /// <summary>Says which jobs have ended since the last call.</summary>
    public static void Report()
    {
        while (WaitOne(Unix.WNOHANG))
        {
        }

        RemoveEnded(report: true);
    }

    /// <summary>The list for the command jobs.</summary>
    public static void List()
    {
        while (WaitOne(Unix.WNOHANG))
        {
        }

        foreach (Job job in s_jobs)
        {
            if (!job.HasEnded)
            {
                Show(job, job.IsStopped ? "Stopped"u8 : "Running"u8);
            }
        }

        RemoveEnded(report: true);
    }

    /// <summary>Lets a stopped job go on.</summary>
    public static void Continue(Job job)
    {
        foreach (JobProcess process in job.Processes)
        {
            process.IsStopped = false;
        }

        Unix.Kill(-job.Group, Unix.SIGCONT);
    }

    /// <summary>True, once, if the shell should not end because there are stopped jobs.</summary>
    public static bool RefuseToLeave()
    {
        bool stopped = false;
        foreach (Job job in s_jobs)
        {
            stopped |= job.IsStopped;
        }

        if (!stopped || s_warned)
        {
            return false;
        }

        s_warned = true;
        Console.Error.WriteLine("sh: there are stopped jobs"u8);
        return true;
    }

    private static bool AllStopped()
    {
        foreach (Job job in s_jobs)
        {
            if (!job.IsStopped)
            {
                return false;
            }
        }

        return true;
    }

    private static int IndexOf(Job job)
    {
        for (int i = 0; i < s_jobs.Count; i++)
        {
            if (s_jobs[i] == job)
            {
                return i;
            }
        }

        return -1;
    }

    // Takes one news of a child. False if there is none.
    private static bool WaitOne(int options)
    {
        int pid = Unix.Waitpid(-1, out int status, options | Unix.WUNTRACED);
        if (pid < 0)
        {
            if (errno == EINTR)
            {
                return true;
            }

            // No children left: whatever the table still waits for is gone.
            foreach (Job job in s_jobs)
            {
                foreach (JobProcess process in job.Processes)
                {
                    process.HasEnded = true;
                }
            }

            return false;
        }

        if (pid == 0)
        {
            return false;
        }

        foreach (Job job in s_jobs)
        {
            foreach (JobProcess process in job.Processes)
            {
                if (process.Pid == pid)
                {
                    process.Status = status;
                    process.IsStopped = Unix.IsStopped(status);
                    process.HasEnded = !process.IsStopped;
                }
            }
        }

        return true;
    }

    private static void RemoveEnded(bool report)
    {
        for (int i = s_jobs.Count - 1; i >= 0; i--)
        {
            Job job = s_jobs[i];
            if (!job.HasEnded)
            {
                continue;
            }

            if (report && Terminal.IsInteractive)
            {
                Show(job, Unix.HasExited(job.Status) ? "Done"u8 : Unix.Strsignal(job.Status & 0x7f));
            }

            s_jobs.RemoveAt(i);
        }
    }

    private static void Show(Job job, ReadOnlySpan<byte> state) => Console.WriteLine($"[{job.Number}]+  {state,-24}{job.Text}");
}

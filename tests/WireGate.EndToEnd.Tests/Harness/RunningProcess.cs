using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace WireGate.EndToEnd.Tests.Harness;

/// <summary>A child process whose output is collected while it runs. Disposing kills it and waits for its end.</summary>
internal sealed class RunningProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();
    private readonly Task _reading;

    private RunningProcess(Process process)
    {
        _process = process;
        _reading = Task.WhenAll(CollectAsync(process.StandardOutput, _output), CollectAsync(process.StandardError, _error));
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>What it has in memory at the moment, in bytes.</summary>
    public long Resident => MemoryOf("VmRSS:");

    /// <summary>The most that it had in memory since <see cref="ForgetPeak"/>.</summary>
    public long Peak => MemoryOf("VmHWM:");

    /// <summary>What it has written to standard output so far.</summary>
    public string Output => Snapshot(_output);

    /// <summary>What it has written to standard error so far.</summary>
    public string Error => Snapshot(_error);

    public StreamWriter Input => _process.StandardInput;

    public static RunningProcess Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        // Only what the test says: a PGPASSWORD or LC_ALL of the developer must not decide a test.
        foreach (string key in start.Environment.Keys.Where(k => k.StartsWith("PG", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(key);
        }

        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment["PGCONNECT_TIMEOUT"] = "60";
        foreach ((string key, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[key] = value;
        }

        return new RunningProcess(Process.Start(start)!);
    }

    public void Signal(int signal) => Unix.Signal(Id, signal);

    /// <summary>Has the kernel measure <see cref="Peak"/> from now on.</summary>
    public void ForgetPeak() => File.WriteAllText($"/proc/{Id}/clear_refs", "5");

    /// <summary>Waits for its end; its output is whole then.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> WaitForExitAsync(TimeSpan? limit = null)
    {
        using var timeout = new CancellationTokenSource(limit ?? Wait.Limit);
        try
        {
            await _process.WaitForExitAsync(timeout.Token);
            await _reading.WaitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{_process.StartInfo.FileName} did not end. Standard error so far:\n{Error}");
        }

        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    // Name: blanks, number, " kB" (proc_pid_status(5)).
    private long MemoryOf(string name) => 1024 * long.Parse(
        File.ReadLines($"/proc/{Id}/status").First(line => line.StartsWith(name, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);

    private static async Task CollectAsync(StreamReader reader, StringBuilder into)
    {
        char[] buffer = new char[4096];
        int count;
        while ((count = await reader.ReadAsync(buffer)) > 0)
        {
            lock (into)
            {
                into.Append(buffer, 0, count);
            }
        }
    }

    private static string Snapshot(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }
}

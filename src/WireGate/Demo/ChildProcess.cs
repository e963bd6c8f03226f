using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;

namespace WireGate.Demo;

/// <summary>How a program ended, and what it wrote to both its outputs, in the order it came.</summary>
internal sealed record ChildResult(int ExitCode, string Output);

/// <summary>A child of the demo. Disposing stops it.</summary>
[SupportedOSPlatform("linux")]
internal sealed partial class ChildProcess : IAsyncDisposable
{
    public const int SigQuit = 3;
    public const int SigTerm = 15;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Process _process;
    private readonly int _stopSignal;
    private readonly StringBuilder _output = new();
    private readonly Task _reading;

    private ChildProcess(Process process, int stopSignal)
    {
        _process = process;
        _stopSignal = stopSignal;
        _reading = Task.WhenAll(CollectAsync(process.StandardOutput), CollectAsync(process.StandardError));
    }

    public bool HasExited => _process.HasExited;

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public static ChildProcess Start(IReadOnlyList<string> line, int stopSignal, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(line[0], line.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = "/",
        };
        // A PGHOST or PGSERVICE of whoever runs the demo must not lead psql elsewhere.
        foreach (string key in start.Environment.Keys.Where(k => k.StartsWith("PG", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(key);
        }

        foreach ((string key, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[key] = value;
        }

        return new ChildProcess(Process.Start(start)!, stopSignal);
    }

    /// <summary>Runs a program to its end.</summary>
    public static async Task<ChildResult> RunAsync(
        IReadOnlyList<string> line,
        CancellationToken cancellation,
        IReadOnlyDictionary<string, string>? environment = null,
        ReadOnlyMemory<byte> input = default)
    {
        await using ChildProcess child = Start(line, SigTerm, environment);
        try
        {
            await child._process.StandardInput.BaseStream.WriteAsync(input, cancellation);
            child._process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended before it had read everything; its exit code says why.
        }

        await child.WaitForExitAsync(cancellation);
        await child._reading.WaitAsync(cancellation);
        return new ChildResult(child._process.ExitCode, child.Output);
    }

    public Task WaitForExitAsync(CancellationToken cancellation) => _process.WaitForExitAsync(cancellation);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _ = Kill(_process.Id, _stopSignal);
            using var patience = new CancellationTokenSource(Patience);
            try
            {
                await _process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill(entireProcessTree: true);
            }
        }

        _process.Dispose();
    }

    private async Task CollectAsync(StreamReader reader)
    {
        char[] buffer = new char[4096];
        int count;
        while ((count = await reader.ReadAsync(buffer)) > 0)
        {
            lock (_output)
            {
                _output.Append(buffer, 0, count);
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int processId, int signal);
}

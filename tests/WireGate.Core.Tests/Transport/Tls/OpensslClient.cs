using System.Diagnostics;
using System.Net;
using System.Text;
using WireGate.Testing.Time;

namespace WireGate.Core.Tests.Transport.Tls;

/// <summary>OpenSSL's own client, whose terminal is the test.</summary>
internal sealed class OpensslClient : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _said = new();

    internal OpensslClient(EndPoint address, params IEnumerable<string> options)
    {
        var start = new ProcessStartInfo("openssl", ["s_client", "-connect", address.ToString()!, .. options])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = Process.Start(start)!;
        _process.OutputDataReceived += Take;
        _process.ErrorDataReceived += Take;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    /// <summary>Waits until it has ended.</summary>
    internal Task EndAsync() => _process.WaitForExitAsync();

    /// <exception cref="IOException">It has ended.</exception>
    internal async Task CommandAsync(string command)
    {
        await _process.StandardInput.WriteLineAsync(command);
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>Has the server echo the words.</summary>
    /// <exception cref="TimeoutException">It did not, or said something else behind them.</exception>
    internal async Task SayAsync(string words)
    {
        await CommandAsync(words);
        await SeenAsync($"echo {words}{Environment.NewLine}");
    }

    /// <summary>Waits for the words, and forgets what was said up to them.</summary>
    /// <returns>What was said before them.</returns>
    internal async Task<string> SeenAsync(string words)
    {
        string before = "";
        await Until.TrueAsync(() => IsSeen(words, ref before), words);
        return before;
    }

    private bool IsSeen(string words, ref string before)
    {
        lock (_said)
        {
            string said = _said.ToString();
            int at = said.IndexOf(words, StringComparison.Ordinal);
            if (at < 0)
            {
                return false;
            }

            before = said[..at];
            _said.Remove(0, at + words.Length);
            return true;
        }
    }

    private void Take(object sender, DataReceivedEventArgs line)
    {
        lock (_said)
        {
            _said.AppendLine(line.Data);
        }
    }
}

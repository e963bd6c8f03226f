using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Transport;
using WireGate.Core.Transport.Tls;
using WireGate.Testing.Time;
using WireGate.Testing.Tls;
using WireGate.Testing.Transport;

namespace WireGate.Core.Tests.Transport.Tls;

/// <summary>What no client of the platform does, done by OpenSSL's.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
public sealed class OpensslTests(TransportKind kind) : IDisposable
{
    private readonly TestCertificate _certificate = new();

    public void Dispose() => _certificate.Dispose();

    [TestCase("k", Description = "one side's keys")]
    [TestCase("K", Description = "both sides' keys")]
    public Task New_keys_of_TLS_1_3_change_nothing_for_who_reads(string command) => WithEchoAsync("-tls1_3", async (client, said) =>
    {
        for (int i = 0; i < 3; i++)
        {
            await SayAsync(client, said, $"before {i}");
            await client.StandardInput.WriteLineAsync(command);
            await client.StandardInput.FlushAsync();
            await SeenAsync(said, "KEYUPDATE");
            await SayAsync(client, said, $"after {i}");
        }
    });

    // The platform's reader, which no product runs on, counts nothing.
    [Test]
    public Task Who_sends_new_keys_and_nothing_else_is_let_go_on_a_reactor() => WithEchoAsync("-tls1_3", async (client, said) =>
    {
        await SayAsync(client, said, "before");
        try
        {
            for (int i = 0; i < 100; i++)
            {
                await client.StandardInput.WriteLineAsync("k");
                await client.StandardInput.FlushAsync();
                await Task.WhenAny(SeenAsync(said, "KEYUPDATE"), client.WaitForExitAsync());
            }
        }
        catch (IOException)
        {
            // It is gone already.
        }

        if (kind == TransportKind.Streams)
        {
            await SayAsync(client, said, "after");
        }
        else
        {
            Assert.That(() => client.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60)), Throws.Nothing, "the gateway ends it");
        }
    });

    [Test]
    public Task Another_handshake_of_TLS_1_2_is_refused() => WithEchoAsync("-tls1_2", async (client, said) =>
    {
        await SayAsync(client, said, "before");
        await client.StandardInput.WriteLineAsync("R");
        await client.StandardInput.FlushAsync();
        await SeenAsync(said, "RENEGOTIATING");
        Assert.That(() => client.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60)), Throws.Nothing, "the gateway ends it");
    });

    private async Task WithEchoAsync(string version, Func<Process, StringBuilder, Task> body)
    {
        EventLoopTransport transport = LoopbackPair.Create(kind, e => Assert.Fail(e.ToString()));
        Listener listener = transport.Listen(LoopbackPair.Parse("127.0.0.1:0"), null);
        Task serving = Task.CompletedTask;
        listener.Start(c => serving = ServeAsync(c), _ => { });
        var start = new ProcessStartInfo("openssl")
        {
            ArgumentList = { "s_client", "-connect", listener.LocalEndPoint.ToString()!, version, "-CAfile", _certificate.CertificatePath },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process client = Process.Start(start)!;
        var said = new StringBuilder();
        client.OutputDataReceived += Take;
        client.ErrorDataReceived += Take;
        client.BeginOutputReadLine();
        client.BeginErrorReadLine();
        try
        {
            await body(client, said);
        }
        finally
        {
            client.Kill();
            await client.WaitForExitAsync();
            await serving;
            await listener.DisposeAsync();
            await transport.DisposeAsync();
        }

        void Take(object sender, DataReceivedEventArgs line)
        {
            lock (said)
            {
                said.AppendLine(line.Data);
            }
        }
    }

    private async Task ServeAsync(Connection inner)
    {
        TlsConnection connection = await TlsConnection.AcceptAsync(
            inner, ServerTls.OptionsFor(_certificate.Certificate, []), CancellationToken.None);
        try
        {
            ReadResult result;
            do
            {
                result = await connection.Input.ReadAsync();
                connection.Output.Write("echo "u8);
                await connection.Output.WriteAsync(result.Buffer.ToArray());
                connection.Input.AdvanceTo(result.Buffer.End);
            }
            while (!result.IsCompleted);
        }
        catch (IOException)
        {
            // The client is gone, or wants what it does not get.
        }
        finally
        {
            await connection.DisposeAsync();
        }
    }

    private static async Task SayAsync(Process client, StringBuilder said, string words)
    {
        await client.StandardInput.WriteLineAsync(words);
        await client.StandardInput.FlushAsync();
        await SeenAsync(said, "echo " + words);
    }

    /// <summary>Waits for the words, and forgets what was said up to them.</summary>
    private static Task SeenAsync(StringBuilder said, string words) => Until.TrueAsync(
        () =>
        {
            lock (said)
            {
                int at = said.ToString().IndexOf(words, StringComparison.Ordinal);
                if (at >= 0)
                {
                    said.Remove(0, at + words.Length);
                }

                return at >= 0;
            }
        },
        words);
}

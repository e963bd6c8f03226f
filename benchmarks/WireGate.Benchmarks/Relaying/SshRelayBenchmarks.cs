using BenchmarkDotNet.Attributes;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Tests.Relaying;
using WireGate.Ssh.Transport;

namespace WireGate.Benchmarks.Relaying;

/// <summary>
/// An SSH session's relay on a reactor, between a client and an upstream on the same one. An operation is a data packet, sealed and opened
/// three times: by the client, the gateway and the upstream, of which the gateway's part is a third. What is allocated is all three's.
/// </summary>
public class SshRelayBenchmarks
{
    private const int Packets = 1024;

    // A window of OpenSSH, in packets of its size.
    private const int AtOnce = 64;
    private const uint Number = 7;

    private RelayedSession _session = null!;
    private byte[] _data = null!;

    /// <summary>Bytes of data in a packet: OpenSSH's, and a key that is struck.</summary>
    [Params(32 * 1024, 1)]
    public int Length { get; set; }

    [GlobalSetup]
    public void Open()
    {
        _session = RelayedSession.StartAsync().GetAwaiter().GetResult();
        _data = ConnectionMessages.Data(Number, new byte[Length]);
        _session.OnLoopAsync(async () =>
        {
            (SshTransport client, SshTransport upstream) = (_session.Client, _session.Upstream);
            await RelayedSession.SendAsync(client, Message(SshMessage.SSH_MSG_CHANNEL_OPEN).String("session").UInt32(Number).UInt32(1 << 21).UInt32(1 << 15));
            await upstream.ReadAsync();
            await RelayedSession.SendAsync(upstream, Message(SshMessage.SSH_MSG_CHANNEL_OPEN_CONFIRMATION).UInt32(Number).UInt32(Number).UInt32(1 << 21).UInt32(1 << 15));
            await client.ReadAsync();
            await RelayedSession.SendAsync(client, Message(SshMessage.SSH_MSG_CHANNEL_REQUEST).UInt32(Number).String("exec").Boolean(false).String("cat"));
            await upstream.ReadAsync();

            // The upstream's window, which the client is told of once something runs.
            await client.ReadAsync();
        }).GetAwaiter().GetResult();
    }

    [GlobalCleanup]
    public void Close() => _session.DisposeAsync().AsTask().GetAwaiter().GetResult();

    /// <summary>As many as a window holds, again and again.</summary>
    [Benchmark(OperationsPerInvoke = Packets)]
    public void Data_packets_to_the_upstream() => _session.OnLoopAsync(() => MoveAsync(AtOnce)).GetAwaiter().GetResult();

    /// <summary>Each waits for the one before it.</summary>
    [Benchmark(OperationsPerInvoke = Packets)]
    public void Data_packets_one_at_a_time() => _session.OnLoopAsync(() => MoveAsync(1)).GetAwaiter().GetResult();

    private static SshWriter Message(SshMessage kind) => RelayedSession.Message(kind);

    private async Task MoveAsync(int atOnce)
    {
        // Room for all of them, beside the first window.
        await RelayedSession.SendAsync(_session.Upstream, Message(SshMessage.SSH_MSG_CHANNEL_WINDOW_ADJUST).UInt32(Number).UInt32((uint)(Packets * Length)));
        await _session.Client.ReadAsync();
        for (int sent = 0; sent < Packets; sent += atOnce)
        {
            for (int i = 0; i < atOnce; i++)
            {
                _session.Client.Send(_data);
            }

            _session.Client.StartFlush();
            for (int got = 0; got < atOnce;)
            {
                await _session.Upstream.ReadAsync();
                got += _session.Upstream.Kind == SshMessage.SSH_MSG_CHANNEL_DATA ? 1 : 0;
            }
        }
    }
}

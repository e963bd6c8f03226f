using System.Net;
using System.Net.Sockets;
using BenchmarkDotNet.Attributes;
using WireGate.Benchmarks.Traffic;
using WireGate.Core.Configuration;
using WireGate.Core.Transport;
using WireGate.Core.Transport.Epoll;
using WireGate.Postgres.Tests.Relaying;
using WireGate.Testing.Sessions;

namespace WireGate.Benchmarks.Relaying;

/// <summary>
/// A session's two relays on a reactor, between two blocking sockets of this thread. An operation is a frame, there or back; it costs the
/// kernel's part and the switches between two threads too, which a client and an upstream pay without us as well.
/// </summary>
public class LoopbackRelayBenchmarks
{
    private const int Transactions = 64;
    private const int FramesPerTransaction = 4 + 5;
    private const int InspectedFrame = 1024 * 1024;

    private readonly byte[] _query = Messages.Repeat(1, m => m.PreparedQuery());
    private readonly byte[] _reply = Messages.Repeat(1, m => m.PreparedReply());
    private readonly byte[] _queries = Messages.Repeat(Transactions, m => m.PreparedQuery());
    private readonly byte[] _replies = Messages.Repeat(Transactions, m => m.PreparedReply());
    private readonly byte[] _received = new byte[64 * 1024];
    private EpollTransport _transport = null!;
    private Listener _listener = null!;
    private Socket _client = null!;
    private Socket _upstream = null!;

    [GlobalSetup]
    public void Connect()
    {
        // An exception on a reactor is our own fault, and ends the process here.
        _transport = new EpollTransport(1, threadStarted: null, static e => Environment.FailFast("a reactor failed", e));
        using Socket upstreams = Socket();
        upstreams.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        upstreams.Listen();
        EndPoint upstreamAddress = upstreams.LocalEndPoint!;

        _ = Address.TryParse("127.0.0.1:0", 0, out Address? anyPort);
        _listener = _transport.Listen(anyPort!, socketMode: null);
        _listener.Start(client => _ = RelayAsync(client, upstreamAddress), _ => { });
        _client = Socket();
        // Not the asynchronous ones: they make the socket wait by an object for each receive, which would be counted as ours.
        _client.Connect(_listener.LocalEndPoint);
        _upstream = upstreams.Accept();
        _upstream.NoDelay = true;
        Move(_client, Messages.Repeat(1, m => m.Prepare()), _upstream);
        Move(_upstream, Messages.Repeat(1, m => m.Prepared()), _client);
    }

    [GlobalCleanup]
    public async Task Disconnect()
    {
        _client.Dispose();
        _upstream.Dispose();
        await _listener.DisposeAsync();
        await _transport.DisposeAsync();
    }

    /// <summary>Query and reply, one after the other: every frame run waits for the one before it.</summary>
    [Benchmark(OperationsPerInvoke = Transactions * FramesPerTransaction)]
    public void Frames_one_transaction_at_a_time()
    {
        for (int i = 0; i < Transactions; i++)
        {
            Move(_client, _query, _upstream);
            Move(_upstream, _reply, _client);
        }
    }

    /// <summary>The same frames pipelined: as many as one system call takes.</summary>
    [Benchmark(OperationsPerInvoke = Transactions * FramesPerTransaction)]
    public void Frames_pipelined()
    {
        Move(_client, _queries, _upstream);
        Move(_upstream, _replies, _client);
    }

    private static Socket Socket() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    private static async Task RelayAsync(Connection client, EndPoint upstreamAddress)
    {
        Connection upstream = await client.Loop.ConnectAsync(upstreamAddress, CancellationToken.None);
        var relays = new JudgedRelays(client, new CountingAudit(), InspectedFrame);
        await Task.WhenAll(
            relays.ToUpstream.RunAsync(client.Input, upstream.Output).AsTask(),
            relays.ToClient.RunAsync(upstream.Input, client.Output).AsTask());
    }

    private void Move(Socket from, byte[] bytes, Socket to)
    {
        from.Send(bytes);
        for (int left = bytes.Length; left > 0;)
        {
            int received = to.Receive(_received);
            left = received > 0 ? left - received : throw new InvalidOperationException("The relay has ended.");
        }
    }
}

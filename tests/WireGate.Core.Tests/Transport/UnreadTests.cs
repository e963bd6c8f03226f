using System.Buffers;
using System.IO.Pipelines;
using System.Net.Security;
using System.Net.Sockets;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Transport;
using WireGate.Core.Transport.Epoll;
using WireGate.Core.Transport.Tls;
using WireGate.Testing.Time;
using WireGate.Testing.Tls;
using WireGate.Testing.Transport;

namespace WireGate.Core.Tests.Transport;

/// <summary>What a reactor's connection says of bytes that a read does not give at once.</summary>
public sealed class UnreadTests : IDisposable
{
    // What is kept of a block that a receive can then fill.
    private const int Kept = Block.Size - 4096;

    private EventLoopTransport _transport = null!;
    private Listener _listener = null!;
    private Socket _peer = null!;
    private Connection _connection = null!;

    [SetUp]
    public async Task Open()
    {
        _transport = LoopbackPair.Create(TransportKind.Epoll, e => Assert.Fail(e.ToString()));
        _listener = _transport.Listen(LoopbackPair.Parse("127.0.0.1:0"), null);
        var accepted = new TaskCompletionSource<Connection>(TaskCreationOptions.RunContinuationsAsynchronously);
        _listener.Start(accepted.SetResult, _ => { });
        _peer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await _peer.ConnectAsync(_listener.LocalEndPoint);
        _connection = await accepted.Task;
    }

    [TearDown]
    public async Task Close()
    {
        _peer.Dispose();
        await OnLoopAsync(() => _connection.DisposeAsync().AsTask());
        await _listener.DisposeAsync();
        await _transport.DisposeAsync();
    }

    public void Dispose() => _peer.Dispose();

    [TestCase(0, false)]
    [TestCase(1, true)]
    [TestCase(5, true)]
    public Task Behind_a_receive_that_was_full(int surplus, bool isThere) => OnLoopAsync(async () =>
    {
        await FillAsync(surplus);
        Assert.That(_connection.Input.TryRead(out _), Is.False, "the next receive waits for its turn");
        Assert.That(_connection.HasUnread, Is.EqualTo(isThere));
    });

    [Test]
    public Task The_end_behind_a_receive_that_was_full() => OnLoopAsync(async () =>
    {
        await FillAsync(0, () => _peer.Shutdown(SocketShutdown.Send));
        Assert.That(_connection.Input.TryRead(out _), Is.False);
        Assert.That(_connection.HasUnread, Is.True);
    });

    [Test]
    public Task What_was_looked_at_and_not_taken() => OnLoopAsync(async () =>
    {
        await _peer.SendAsync("ab"u8.ToArray());
        ReadResult read = await _connection.Input.ReadAsync();
        _connection.Input.AdvanceTo(read.Buffer.GetPosition(1), read.Buffer.End);
        Assert.That(_connection.Input.TryRead(out _), Is.False);
        Assert.That(_connection.HasUnread, Is.True);
    });

    [Test]
    public Task Nothing_where_all_was_taken() => OnLoopAsync(async () =>
    {
        await _peer.SendAsync("ab"u8.ToArray());
        ReadResult read = await _connection.Input.ReadAsync();
        _connection.Input.AdvanceTo(read.Buffer.End);
        Assert.That(_connection.Input.TryRead(out _), Is.False);
        Assert.That(_connection.HasUnread, Is.False);
    });

    [Test]
    public Task Who_asked_is_told_of_what_comes_later() => OnLoopAsync(async () =>
    {
        await FillAsync(0);
        Assert.That(_connection.HasUnread, Is.False);
        await _peer.SendAsync("ab"u8.ToArray());
        ReadResult read = await _connection.Input.ReadAsync();
        Assert.That(read.Buffer.ToArray(), Is.EqualTo("ab"u8.ToArray()));
        _connection.Input.AdvanceTo(read.Buffer.End);
    });

    [Test]
    public Task A_record_of_TLS_that_came_in_part() => OnLoopAsync(async () =>
    {
        using var certificate = new TestCertificate();
        await using var peer = new SslStream(new NetworkStream(_peer), leaveInnerStreamOpen: false, (_, shown, _, _) => certificate.Certificate.RawDataMemory.Span.SequenceEqual(shown?.GetRawCertData()));
        Task speaking = peer.AuthenticateAsClientAsync("localhost");
        TlsConnection secure = await TlsConnection.AcceptAsync(_connection, ServerTls.OptionsFor(certificate.Certificate, []), CancellationToken.None);
        _connection = secure;
        await speaking;
        Assert.That(secure.Input.TryRead(out _), Is.False);
        Assert.That(secure.HasUnread, Is.False);

        // Of application data, 100 bytes long.
        await _peer.SendAsync((byte[])[23, 3, 3, 0, 100, 1, 2, 3]);
        await Until.TrueAsync(() => secure.Input.TryRead(out _) || secure.HasUnread, "the record to come");
        Assert.That(secure.Input.TryRead(out _), Is.False, "nothing of it can be read");
    });

    /// <summary>Has one receive fill the block, and takes all of it.</summary>
    private async Task FillAsync(int surplus, Action? behind = null)
    {
        PipeReader input = _connection.Input;
        await _peer.SendAsync(new byte[Kept]);
        ReadResult read = await input.ReadAsync();
        while (read.Buffer.Length < Kept)
        {
            input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            read = await input.ReadAsync();
        }

        input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        await _peer.SendAsync(new byte[Block.Size - Kept + surplus]);
        behind?.Invoke();
        read = await input.ReadAsync();
        Assert.That(read.Buffer.Length, Is.EqualTo(Block.Size));
        input.AdvanceTo(read.Buffer.End);
    }

    private Task OnLoopAsync(Func<Task> work) => LoopbackPair.OnLoopAsync(_connection.Loop, work);
}

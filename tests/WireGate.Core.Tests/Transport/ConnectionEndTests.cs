using System.IO.Pipelines;
using System.Net.Sockets;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Transport;
using WireGate.Testing.Time;
using WireGate.Testing.Transport;

namespace WireGate.Core.Tests.Transport;

/// <summary>How connections end, with a peer that is a plain socket.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
public sealed class ConnectionEndTests(TransportKind kind) : IDisposable
{
    private EventLoopTransport _transport = null!;
    private Listener _listener = null!;
    private Socket _peer = null!;
    private Connection _connection = null!;

    [SetUp]
    public async Task Open()
    {
        _transport = LoopbackPair.Create(kind, e => Assert.Fail(e.ToString()));
        _listener = _transport.Listen(LoopbackPair.Parse("127.0.0.1:0"), null);
        var accepted = new TaskCompletionSource<Connection>(TaskCreationOptions.RunContinuationsAsynchronously);
        _listener.Start(accepted.SetResult, _ => { });
        _peer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
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

    [Test]
    public Task A_peer_that_has_said_all_still_gets_its_answer() => OnLoopAsync(async () =>
    {
        await _peer.SendAsync("question"u8.ToArray());
        _peer.Shutdown(SocketShutdown.Send);
        Assert.That(await Bytes.ReadToEndAsync(_connection.Input), Is.EqualTo("question"u8.ToArray()));
        await _connection.Output.WriteAsync("answer"u8.ToArray());
        Assert.That(await ReceiveAsync(6), Is.EqualTo("answer"u8.ToArray()));
    });

    [Test]
    public Task A_close_while_nobody_reads_is_seen_by_the_next_read_with_all_that_came_before() => OnLoopAsync(async () =>
    {
        byte[] sent = Bytes.Noise(200_000);
        Task<int> sending = _peer.SendAsync(sent, SocketFlags.None);
        ReadResult some = await _connection.Input.ReadAsync();
        _connection.Input.AdvanceTo(some.Buffer.Start, some.Buffer.Start);
        await sending;
        _peer.Close();
        Assert.That((await Bytes.ReadToEndAsync(_connection.Input)).AsSpan().SequenceEqual(sent));
    });

    [Test]
    public Task A_reset_ends_the_read_that_waits() => OnLoopAsync(async () =>
    {
        Task<byte[]> reading = Bytes.ReadToEndAsync(_connection.Input);
        Reset();
        Assert.That(await reading, Is.Empty);
    });

    [Test]
    public Task A_reset_ends_the_write_that_waits() => OnLoopAsync(async () =>
    {
        Task writing = Bytes.WriteUntilGoneAsync(_connection.Output);
        Assert.That(writing.IsCompleted, Is.False);
        Reset();
        await writing;
    });

    [Test]
    public Task Abort_from_another_thread_wakes_reader_and_writer() => OnLoopAsync(async () =>
    {
        Task<byte[]> reading = Bytes.ReadToEndAsync(_connection.Input);
        Task writing = Bytes.WriteUntilGoneAsync(_connection.Output);
        Assert.That(reading.IsCompleted || writing.IsCompleted, Is.False);
        await Task.Run(_connection.Abort);
        await Task.WhenAll(reading, writing);
        Assert.That(await Bytes.ReadToEndAsync(_connection.Input), Is.Empty, "and every later read too");
    });

    [Test]
    public Task Abort_twice_and_dispose_after_it_do_no_harm() => OnLoopAsync(async () =>
    {
        _connection.Abort();
        _connection.Abort();
        Assert.That(await Bytes.ReadToEndAsync(_connection.Input), Is.Empty);
        await _connection.DisposeAsync();
        Assert.That(async () => await _connection.DisposeAsync(), Throws.Nothing);
    });

    [Test]
    public Task Dispose_sends_what_is_buffered() => OnLoopAsync(async () =>
    {
        "goodbye"u8.CopyTo(_connection.Output.GetSpan(7));
        _connection.Output.Advance(7);
        await _connection.DisposeAsync();
        Assert.That(await ReceiveAsync(100), Is.EqualTo("goodbye"u8.ToArray()));
    });

    [Test]
    public Task What_the_peer_has_not_taken_is_known() => OnLoopAsync(async () =>
    {
        if (kind == TransportKind.Streams)
        {
            Assert.That(_connection.IsAllTaken, Is.False, "nobody tells");
            return;
        }

        Assert.That(_connection.IsAllTaken, Is.True);
        "a"u8.CopyTo(_connection.Output.GetSpan(1));
        _connection.Output.Advance(1);
        Assert.That(_connection.IsAllTaken, Is.False, "it lies here");

        // More than any system keeps for a peer that reads nothing.
        byte[] rest = Bytes.Noise(16 << 20);
        Task writing = _connection.Output.WriteAsync(rest).AsTask();
        Assert.That(_connection.IsAllTaken, Is.False, "the peer reads nothing");
        await ReceiveAsync(1 + rest.Length);
        await writing;
        await Until.TrueAsync(() => _connection.IsAllTaken, "the peer to have it all");
    });

    [Test]
    public Task Dispose_over_bytes_that_nobody_read_does_not_overtake_the_last_message() => OnLoopAsync(async () =>
    {
        await _peer.SendAsync(new byte[50_000]);
        ReadResult some = await _connection.Input.ReadAtLeastAsync(50_000);
        _connection.Input.AdvanceTo(some.Buffer.Start);
        await _peer.SendAsync(new byte[50_000]);
        await _connection.Output.WriteAsync("goodbye"u8.ToArray());
        await _connection.DisposeAsync();
        Assert.That(await ReceiveAsync(100), Is.EqualTo("goodbye"u8.ToArray()), "and no reset behind it");
    });

    [Test]
    public Task An_end_that_the_peer_set_is_no_cut() => OnLoopAsync(async () =>
    {
        await _peer.SendAsync("all"u8.ToArray());
        _peer.Shutdown(SocketShutdown.Send);
        Assert.That(await Bytes.ReadToEndAsync(_connection.Input), Is.EqualTo("all"u8.ToArray()));
        Assert.That(_connection.IsCut, Is.False);
        Reset();
        await Bytes.WriteUntilGoneAsync(_connection.Output);
        if (kind == TransportKind.Epoll)
        {
            Assert.That(_connection.IsCut, Is.False, "what it had said was all");
        }
    });

    [Test]
    public Task A_reset_is_a_cut([Values] bool isToldToTheWriter) => OnLoopAsync(async () =>
    {
        await _peer.SendAsync("some"u8.ToArray());
        ReadResult some = await _connection.Input.ReadAtLeastAsync(4);
        _connection.Input.AdvanceTo(some.Buffer.End);
        Reset();
        if (isToldToTheWriter)
        {
            await Bytes.WriteUntilGoneAsync(_connection.Output);
        }

        bool isEnd;
        try
        {
            isEnd = (await _connection.Input.ReadAsync()).IsCompleted;
        }
        catch (IOException)
        {
            // A stream says it so, to whoever is told.
            return;
        }

        Assert.That((isEnd, _connection.IsCut), Is.EqualTo((true, true)));
    });

    [Test]
    public Task An_abort_is_a_cut() => OnLoopAsync(async () =>
    {
        _connection.Abort();
        await Bytes.ReadToEndAsync(_connection.Input);
        Assert.That(_connection.IsCut);
    });

    [Test]
    public Task Finish_sends_what_is_buffered_and_reading_goes_on() => OnLoopAsync(async () =>
    {
        "question"u8.CopyTo(_connection.Output.GetSpan(8));
        _connection.Output.Advance(8);
        await _connection.FinishAsync();
        Assert.That(await ReceiveAsync(100), Is.EqualTo("question"u8.ToArray()));
        await _peer.SendAsync("answer"u8.ToArray());
        _peer.Shutdown(SocketShutdown.Send);
        Assert.That(await Bytes.ReadToEndAsync(_connection.Input), Is.EqualTo("answer"u8.ToArray()));
        Assert.That(_connection.IsCut, Is.False);
    });

    [Test]
    public async Task A_peer_that_is_reset_knows_it([Values] bool isDisposedBehindIt)
    {
        await OnLoopAsync(async () =>
        {
            await _connection.Output.WriteAsync("some"u8.ToArray());
            Assert.That(await ReceiveAsync(4), Is.EqualTo("some"u8.ToArray()));
            _connection.Reset();
            if (isDisposedBehindIt)
            {
                await _connection.DisposeAsync();
            }
        });
        Assert.That(async () => await ReceiveAsync(1), Throws.InstanceOf<SocketException>());
    }

    [Test]
    public async Task A_peer_that_has_said_all_is_not_lost_until_it_is_gone()
    {
        if (kind == TransportKind.Streams)
        {
            // Only reading and writing tell.
            return;
        }

        int told = 0;
        await OnLoopAsync(() =>
        {
            _connection.HungUp = () => told++;
            return Task.CompletedTask;
        });
        _peer.Shutdown(SocketShutdown.Send);
        await Until.TrueAsync(() => Volatile.Read(ref told) == 1, "its end");
        Assert.That((_connection.IsHungUp, _connection.IsLost), Is.EqualTo((true, false)));
        Reset();
        await Until.TrueAsync(() => Volatile.Read(ref told) == 2, "its loss");
        Assert.That(_connection.IsLost);
    }

    private Task OnLoopAsync(Func<Task> body) => LoopbackPair.OnLoopAsync(_transport.Loops[0], body);

    private void Reset()
    {
        _peer.LingerState = new LingerOption(true, 0);
        _peer.Close();
    }

    /// <summary>All that the peer gets up to so many bytes or the end.</summary>
    private async Task<byte[]> ReceiveAsync(int most)
    {
        var bytes = new byte[most];
        int count = 0;
        while (count < most && await _peer.ReceiveAsync(bytes.AsMemory(count)) is var received and > 0)
        {
            count += received;
        }

        return bytes[..count];
    }
}

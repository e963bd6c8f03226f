using System.Buffers;
using System.IO.Pipelines;
using System.Security.Authentication;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Testing.Tls;
using WireGate.Testing.Transport;

namespace WireGate.Core.Tests.Transport;

/// <summary>What every connection promises, whatever moves its bytes.</summary>
[TestFixture(TransportKind.Epoll, null)]
[TestFixture(TransportKind.Streams, null)]
[TestFixture(TransportKind.Epoll, SslProtocols.Tls12)]
[TestFixture(TransportKind.Epoll, SslProtocols.Tls13)]
[TestFixture(TransportKind.Streams, SslProtocols.Tls13)]
public sealed class ConnectionTests(TransportKind kind, SslProtocols? tls) : IDisposable
{
    private readonly TestCertificate _certificate = new();
    private LoopbackPair _pair = null!;

    [SetUp]
    public async Task Open() =>
        _pair = tls is { } version ? await LoopbackPair.OpenTlsAsync(kind, _certificate, version) : await LoopbackPair.OpenAsync(kind);

    public void Dispose() => _certificate.Dispose();

    [TearDown]
    public async Task Close()
    {
        await _pair.DisposeAsync();
        Assert.That(_pair.Faults, Is.Empty);
    }

    [TestCase(1, 3_000)]
    [TestCase(100, 100_000)]
    [TestCase(200_000, 5_000_000)]
    public Task Bytes_arrive_in_order_whatever_their_chunks(int maxChunk, int total) => _pair.OnLoopAsync(async () =>
    {
        byte[] sent = Bytes.Noise(total);
        Task writing = WriteInChunksAsync(_pair.Caller.Output, sent, new Random(maxChunk), maxChunk);
        byte[] got = await ReadInBitesAsync(_pair.Callee.Input, total, new Random(total), 2 * maxChunk);
        await writing;
        Assert.That(got.AsSpan().SequenceEqual(sent));
    });

    [Test]
    public Task Both_directions_go_at_once() => _pair.OnLoopAsync(async () =>
    {
        byte[] there = Bytes.Noise(3_000_000, 1), back = Bytes.Noise(3_000_000, 2);
        Task writing = Task.WhenAll(
            _pair.Caller.Output.WriteAsync(there).AsTask(), _pair.Callee.Output.WriteAsync(back).AsTask());
        Task<byte[]> atCallee = Bytes.ReadAsync(_pair.Callee.Input, there.Length);
        Task<byte[]> atCaller = Bytes.ReadAsync(_pair.Caller.Input, back.Length);
        Assert.That((await atCallee).AsSpan().SequenceEqual(there));
        Assert.That((await atCaller).AsSpan().SequenceEqual(back));
        await writing;
    });

    [Test]
    public Task What_is_written_into_its_memory_and_what_is_borrowed_go_in_order() => _pair.OnLoopAsync(async () =>
    {
        byte[] sent = Bytes.Noise(150_000);
        PipeWriter output = _pair.Caller.Output;
        sent.AsSpan(0, 10).CopyTo(output.GetSpan(10));
        output.Advance(10);
        sent.AsSpan(10, 60_000).CopyTo(output.GetSpan(60_000));
        output.Advance(60_000);
        Assert.That(output.UnflushedBytes, Is.EqualTo(60_010));
        ValueTask<FlushResult> writing = output.WriteAsync(sent.AsMemory(60_010));
        Assert.That((await Bytes.ReadAsync(_pair.Callee.Input, sent.Length)).AsSpan().SequenceEqual(sent));
        Assert.That((await writing).IsCompleted, Is.False);
        Assert.That(output.UnflushedBytes, Is.Zero);
    });

    [Test]
    public Task What_was_examined_and_not_consumed_comes_again_with_what_follows() => _pair.OnLoopAsync(async () =>
    {
        await _pair.Caller.Output.WriteAsync("abc"u8.ToArray());
        ReadResult first = await _pair.Callee.Input.ReadAtLeastAsync(3);
        _pair.Callee.Input.AdvanceTo(first.Buffer.GetPosition(1), first.Buffer.End);
        ValueTask<ReadResult> more = _pair.Callee.Input.ReadAsync();
        Assert.That(more.IsCompleted, Is.False, "nothing has come since");
        await _pair.Caller.Output.WriteAsync("d"u8.ToArray());
        ReadResult second = await more;
        Assert.That(second.Buffer.ToArray(), Is.EqualTo("bcd"u8.ToArray()));
        _pair.Callee.Input.AdvanceTo(second.Buffer.End);
    });

    [Test]
    public Task What_was_not_examined_comes_again_at_once() => _pair.OnLoopAsync(async () =>
    {
        await _pair.Caller.Output.WriteAsync("abc"u8.ToArray());
        ReadResult first = await _pair.Callee.Input.ReadAtLeastAsync(3);
        _pair.Callee.Input.AdvanceTo(first.Buffer.GetPosition(1), first.Buffer.GetPosition(2));
        ValueTask<ReadResult> more = _pair.Callee.Input.ReadAsync();
        Assert.That(more.IsCompleted, Is.True);
        ReadResult second = await more;
        Assert.That(second.Buffer.ToArray(), Is.EqualTo("bc"u8.ToArray()));
        _pair.Callee.Input.AdvanceTo(second.Buffer.End);
    });

    [Test]
    public Task A_message_of_many_blocks_can_be_waited_for() => _pair.OnLoopAsync(async () =>
    {
        byte[] sent = Bytes.Noise(1_000_003);
        Task writing = WriteInChunksAsync(_pair.Caller.Output, sent, new Random(1), 70_000);
        Assert.That((await Bytes.ReadAsync(_pair.Callee.Input, sent.Length)).AsSpan().SequenceEqual(sent));
        await writing;
    });

    [Test]
    public Task Receives_that_fill_a_block_exactly_go_on() => _pair.OnLoopAsync(async () =>
    {
        for (int i = 0; i < 20; i++)
        {
            byte[] sent = Bytes.Noise(64 * 1024, i);
            Task writing = _pair.Caller.Output.WriteAsync(sent).AsTask();
            Assert.That((await Bytes.ReadAsync(_pair.Callee.Input, sent.Length)).AsSpan().SequenceEqual(sent));
            await writing;
        }
    });

    [Test]
    public Task A_writer_waits_until_its_peer_reads() => _pair.OnLoopAsync(async () =>
    {
        byte[] chunk = Bytes.Noise(256 * 1024);
        long sent = 0;
        ValueTask<FlushResult> write;
        while ((write = _pair.Caller.Output.WriteAsync(chunk)).IsCompleted)
        {
            await write;
            sent += chunk.Length;
            Assert.That(sent, Is.LessThan(64 << 20), "the kernel's buffers are smaller than that");
        }

        Task<byte[]> reading = Bytes.ReadAsync(_pair.Callee.Input, (int)sent + chunk.Length);
        Assert.That((await write).IsCompleted, Is.False);
        byte[] got = await reading;
        Assert.That(got.AsSpan(got.Length - chunk.Length).SequenceEqual(chunk));
    });

    [Test]
    public Task What_has_waited_for_its_peer_goes_on_in_order_and_nothing_of_it_is_lost() => _pair.OnLoopAsync(async () =>
    {
        // More than the kernel's buffers hold.
        byte[] sent = Bytes.Noise(32 << 20);
        PipeWriter output = _pair.Caller.Output;
        Task writing = WriteAsync();
        Assert.That(writing.IsCompleted, Is.False, "nobody reads");
        byte[] got = await ReadInBitesAsync(_pair.Callee.Input, sent.Length, new Random(1), 400_000);
        await writing;
        Assert.That(output.UnflushedBytes, Is.Zero);
        Assert.That(got.AsSpan().SequenceEqual(sent));

        async Task WriteAsync()
        {
            ReadOnlyMemory<byte> rest = sent;
            while (!rest.IsEmpty)
            {
                int collected = Math.Min(rest.Length, 100_000), borrowed = Math.Min(rest.Length - collected, 1_500_000);
                output.Write(rest.Span[..collected]);
                FlushResult flushed = await output.WriteAsync(rest.Slice(collected, borrowed));
                Assert.That(flushed.IsCompleted, Is.False);
                rest = rest[(collected + borrowed)..];
            }
        }
    });

    [Test]
    public Task Cancelling_wakes_the_read_and_takes_nothing() => _pair.OnLoopAsync(async () =>
    {
        ValueTask<ReadResult> reading = _pair.Callee.Input.ReadAsync();
        _pair.Callee.Input.CancelPendingRead();
        ReadResult canceled = await reading;
        Assert.That(canceled.IsCanceled, Is.True);
        Assert.That(canceled.IsCompleted, Is.False);
        _pair.Callee.Input.AdvanceTo(canceled.Buffer.Start);

        await _pair.Caller.Output.WriteAsync("abc"u8.ToArray());
        Assert.That(await Bytes.ReadAsync(_pair.Callee.Input, 3), Is.EqualTo("abc"u8.ToArray()));
    });

    [Test]
    public Task A_cancel_that_nobody_waits_for_meets_the_next_read_and_only_that() => _pair.OnLoopAsync(async () =>
    {
        _pair.Callee.Input.CancelPendingRead();
        ReadResult canceled = await _pair.Callee.Input.ReadAsync();
        Assert.That(canceled.IsCanceled, Is.True);
        _pair.Callee.Input.AdvanceTo(canceled.Buffer.Start);

        await _pair.Caller.Output.WriteAsync("abc"u8.ToArray());
        Assert.That(await Bytes.ReadAsync(_pair.Callee.Input, 3), Is.EqualTo("abc"u8.ToArray()));
    });

    [Test]
    public Task A_write_to_a_peer_that_is_gone_says_so() => _pair.OnLoopAsync(async () =>
    {
        await _pair.Callee.DisposeAsync();
        await Bytes.WriteUntilGoneAsync(_pair.Caller.Output);
        Assert.That(await Bytes.ReadToEndAsync(_pair.Caller.Input), Is.Empty);
    });

    [Test]
    public Task Every_wait_ends_on_the_loop() => _pair.OnLoopAsync(async () =>
    {
        Task writing = WriteOnLoopAsync();
        await Bytes.ReadAsync(_pair.Callee.Input, 20_000_000);
        Assert.That(_pair.Callee.Loop.IsCurrent, Is.True, "after a read");
        await writing;
        await Task.Run(() => { });
        await _pair.Loop.Switch();
        Assert.That(_pair.Loop.IsCurrent, Is.True, "after Switch");

        async Task WriteOnLoopAsync()
        {
            await _pair.Caller.Output.WriteAsync(new byte[20_000_000]);
            Assert.That(_pair.Caller.Loop.IsCurrent, Is.True, "after a write");
        }
    });

    private static async Task WriteInChunksAsync(PipeWriter output, byte[] bytes, Random random, int maxChunk)
    {
        for (int at = 0; at < bytes.Length;)
        {
            int count = Math.Min(random.Next(1, maxChunk + 1), bytes.Length - at);
            await output.WriteAsync(bytes.AsMemory(at, count));
            at += count;
        }
    }

    /// <summary>Consumes part of what came, now and then nothing, and asks for more each time.</summary>
    private static async Task<byte[]> ReadInBitesAsync(PipeReader input, int total, Random random, int maxBite)
    {
        var all = new MemoryStream();
        while (all.Length < total)
        {
            ReadResult result = await input.ReadAsync();
            ReadOnlySequence<byte> bite = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, random.Next(0, maxBite + 1)));
            all.Write(bite.ToArray());
            input.AdvanceTo(bite.End);
        }

        return all.ToArray();
    }
}

using System.Buffers;
using System.IO.Pipelines;
using System.Security.Authentication;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Transport;
using WireGate.Core.Transport.Epoll;
using WireGate.Testing.Tls;
using WireGate.Testing.Transport;

namespace WireGate.Core.Tests.Transport.Tls;

/// <summary>Records of TLS on a reactor, however they come.</summary>
[TestFixture(SslProtocols.Tls12)]
[TestFixture(SslProtocols.Tls13)]
public sealed class TlsRecordTests(SslProtocols version) : IDisposable
{
    private const int LargestRecord = 16 * 1024;

    private readonly TestCertificate _certificate = new();
    private EventLoopTransport _transport = null!;

    [SetUp]
    public void Open() => _transport = LoopbackPair.Create(TransportKind.Epoll, e => Assert.Fail(e.ToString()));

    [TearDown]
    public async Task Close() => await _transport.DisposeAsync();

    public void Dispose() => _certificate.Dispose();

    [Test]
    public Task A_record_cut_anywhere_is_the_same_record() => WithAsync(async wire =>
    {
        byte[] record = await wire.RecordsAsync([0]);
        for (int cut = 1; cut < record.Length; cut++)
        {
            ValueTask<ReadResult> reading = wire.Gateway.Input.ReadAsync();
            await wire.ReceiveAsync(record.AsMemory(0, cut));
            Assert.That(reading.IsCompleted, Is.False, $"cut at {cut}");
            await wire.ReceiveAsync(record.AsMemory(cut));
            Assert.That(reading.IsCompleted, Is.True, $"cut at {cut}");
            Take(wire, await reading, [(byte)(cut - 1)]);
            record = await wire.RecordsAsync([(byte)cut]);
        }
    });

    [Test]
    public Task Records_that_come_together_are_read_together() => WithAsync(async wire =>
    {
        byte[] records = await wire.RecordsAsync("one"u8.ToArray(), "two"u8.ToArray(), "three"u8.ToArray());
        ValueTask<ReadResult> reading = wire.Gateway.Input.ReadAsync();
        await wire.ReceiveAsync(records);
        Take(wire, await reading, "onetwothree"u8.ToArray());
    });

    [Test]
    public Task A_record_behind_the_beginning_of_the_next_is_not_held_up() => WithAsync(async wire =>
    {
        byte[] first = await wire.RecordsAsync("one"u8.ToArray());
        byte[] second = await wire.RecordsAsync("two"u8.ToArray());
        ValueTask<ReadResult> reading = wire.Gateway.Input.ReadAsync();
        await wire.ReceiveAsync((byte[])[.. first, .. second[..7]]);
        Take(wire, await reading, "one"u8.ToArray());
        reading = wire.Gateway.Input.ReadAsync();
        await wire.ReceiveAsync(second.AsMemory(7));
        Take(wire, await reading, "two"u8.ToArray());
    });

    [TestCase(1)]
    [TestCase(1_000)]
    [TestCase(70_000)]
    [TestCase(int.MaxValue)]
    public Task The_largest_records_pass_whatever_the_pieces(int piece) => WithAsync(async wire =>
    {
        byte[] content = Bytes.Noise((20 * LargestRecord) + 1);
        byte[] records = await wire.RecordsAsync(content);
        Task<byte[]> reading = Bytes.ReadAsync(wire.Gateway.Input, content.Length);
        for (int at = 0; at < records.Length; at += Math.Min(piece, records.Length - at))
        {
            await wire.ReceiveAsync(records.AsMemory(at, Math.Min(piece, records.Length - at)));
        }

        Assert.That((await reading).AsSpan().SequenceEqual(content));
    });

    [Test]
    public Task What_was_not_examined_comes_again_with_what_is_there_by_then() => WithAsync(async wire =>
    {
        await wire.ReceiveAsync(await wire.RecordsAsync("abc"u8.ToArray()));
        ReadResult first = await wire.Gateway.Input.ReadAsync();
        wire.Gateway.Input.AdvanceTo(first.Buffer.GetPosition(1), first.Buffer.End);
        await wire.ReceiveAsync(await wire.RecordsAsync("d"u8.ToArray()));
        Assert.That(wire.Gateway.Input.TryRead(out ReadResult second), Is.True);
        Take(wire, second, "bcd"u8.ToArray());
    });

    [Test]
    public Task A_goodbye_behind_the_last_record_ends_the_reading_without_the_end_of_the_connection() => WithAsync(async wire =>
    {
        byte[] last = await wire.RecordsAsync("last"u8.ToArray());
        ValueTask<ReadResult> reading = wire.Gateway.Input.ReadAsync();
        await wire.ReceiveAsync((byte[])[.. last, .. await wire.GoodbyeAsync()]);
        ReadResult result = await reading;
        Assert.That(result.Buffer.ToArray(), Is.EqualTo("last"u8.ToArray()));
        wire.Gateway.Input.AdvanceTo(result.Buffer.End);
        Assert.That(result.IsCompleted || (await wire.Gateway.Input.ReadAsync()).IsCompleted, Is.True);
    });

    [Test]
    public Task After_a_goodbye_of_the_peer_it_still_gets_its_answer() => WithAsync(async wire =>
    {
        await wire.ReceiveAsync(await wire.GoodbyeAsync());
        Assert.That((await wire.Gateway.Input.ReadAsync()).IsCompleted, Is.True);
        Assert.That((await wire.Gateway.Output.WriteAsync("answer"u8.ToArray())).IsCompleted, Is.False);
        var answer = new byte[6];
        await wire.Peer.ReadExactlyAsync(answer);
        Assert.That(answer, Is.EqualTo("answer"u8.ToArray()));
    });

    [Test]
    public Task An_end_within_a_record_is_an_error_behind_what_came_whole() => WithAsync(async wire =>
    {
        byte[] whole = await wire.RecordsAsync("whole"u8.ToArray());
        byte[] cut = await wire.RecordsAsync("never"u8.ToArray());
        await wire.ReceiveAsync((byte[])[.. whole, .. cut[..^1]]);
        wire.End();
        Take(wire, await wire.Gateway.Input.ReadAsync(), "whole"u8.ToArray());
        Assert.That(async () => await wire.Gateway.Input.ReadAsync(), Throws.InstanceOf<IOException>());
        Assert.That(async () => await wire.Gateway.Input.ReadAsync(), Throws.InstanceOf<IOException>(), "and every later read too");
    });

    [Test]
    public Task A_forged_record_is_an_error_for_who_waits_and_behind_what_came_before() => WithAsync(async wire =>
    {
        byte[] good = await wire.RecordsAsync("good"u8.ToArray());
        byte[] forged = await wire.RecordsAsync("evil"u8.ToArray());
        forged[^1] ^= 1;
        ValueTask<ReadResult> reading = wire.Gateway.Input.ReadAsync();
        await wire.ReceiveAsync((byte[])[.. good, .. forged]);
        Take(wire, await reading, "good"u8.ToArray());
        Assert.That(async () => await wire.Gateway.Input.ReadAsync(), Throws.InstanceOf<IOException>());
    });

    [Test]
    public Task What_is_no_record_is_an_error_at_once() => WithAsync(async wire =>
    {
        ValueTask<ReadResult> reading = wire.Gateway.Input.ReadAsync();
        await wire.ReceiveAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray());
        Assert.That(reading.IsCompleted, Is.True);
        Assert.That(async () => await reading, Throws.InstanceOf<IOException>());
    });

    [Test]
    public Task Records_without_a_content_wake_nobody_and_hold_no_block() => WithAsync(
        async wire =>
        {
            ValueTask<ReadResult> reading = wire.Gateway.Input.ReadAsync();
            Assert.That(reading.IsCompleted, Is.False, "of the tickets");
            Assert.That(Blocks.Rented, Is.Zero);
            wire.Gateway.Input.CancelPendingRead();
            ReadResult canceled = await reading;
            Assert.That(canceled.IsCanceled && !canceled.IsCompleted, Is.True);
            wire.Gateway.Input.AdvanceTo(canceled.Buffer.End);

            byte[] first = await wire.RecordsAsync("first"u8.ToArray());
            reading = wire.Gateway.Input.ReadAsync();
            await wire.ReceiveAsync((byte[])[.. first, .. await wire.RecordsAsync("second"u8.ToArray())]);
            Assert.That(reading.IsCompleted, Is.True);
            Take(wire, await reading, "firstsecond"u8.ToArray());
            Assert.That(Blocks.Rented, Is.Zero);
        },
        gatewayServes: false);

    [Test]
    public Task What_comes_behind_a_record_without_a_content_after_a_cancellation_is_read_next() => WithAsync(
        async wire =>
        {
            ValueTask<ReadResult> reading = wire.Gateway.Input.ReadAsync();
            wire.Gateway.Input.CancelPendingRead();
            ReadResult canceled = await reading;
            await wire.ReceiveAsync(await wire.RecordsAsync("first"u8.ToArray()));
            wire.Gateway.Input.AdvanceTo(canceled.Buffer.Start, canceled.Buffer.End);
            Assert.That(wire.Gateway.Input.TryRead(out ReadResult result), Is.True);
            Take(wire, result, "first"u8.ToArray());
        },
        gatewayServes: false);

    [Test]
    public Task An_answer_goes_with_one_send_and_its_head_shares_a_record_with_a_small_body() => WithAsync(async wire =>
    {
        Forget(wire);
        Write(wire, 200);
        await wire.Gateway.Output.WriteAsync(Bytes.Noise(1_000));
        Assert.That(await SentAsync(wire), Has.Length.EqualTo(1));

        Write(wire, 200);
        await wire.Gateway.Output.WriteAsync(Bytes.Noise(64 * 1024));
        Assert.That(await SentAsync(wire), Has.Length.InRange(5, 6), "records of one send");
        Assert.That(Blocks.Rented, Is.Zero);

        static void Write(TlsWire wire, int count)
        {
            Bytes.Noise(count).CopyTo(wire.Gateway.Output.GetSpan(count));
            wire.Gateway.Output.Advance(count);
        }
    });

    [TestCase(0, 1)]
    [TestCase(1, LargestRecord)]
    [TestCase(100, 300_000)]
    [TestCase(200_000, 0)]
    [TestCase(200_000, 1)]
    public Task What_is_collected_and_what_is_borrowed_arrives_in_order(int collected, int borrowed) => WithAsync(async wire =>
    {
        byte[] sent = Bytes.Noise(collected + borrowed);
        PipeWriter output = wire.Gateway.Output;
        output.Write(sent.AsSpan(0, collected));
        Assert.That(output.UnflushedBytes, Is.EqualTo(collected));
        await output.WriteAsync(sent.AsMemory(collected));
        Assert.That(output.UnflushedBytes, Is.Zero);
        var got = new byte[sent.Length];
        await wire.Peer.ReadExactlyAsync(got);
        Assert.That(got.AsSpan().SequenceEqual(sent));
        Assert.That(Blocks.Rented, Is.Zero);
    });

    [Test]
    public Task Dispose_sends_what_is_buffered_and_says_goodbye() => WithAsync(async wire =>
    {
        Forget(wire);
        wire.Gateway.Output.Write("bye"u8);
        await wire.Gateway.DisposeAsync();
        Assert.That(await SentAsync(wire), Has.Length.EqualTo(2), "the last words and the goodbye");
        Assert.That(Blocks.Rented, Is.Zero);
    });

    [Test]
    public Task Dispose_while_somebody_reads_wakes_them() => WithAsync(async wire =>
    {
        ValueTask<ReadResult> reading = wire.Gateway.Input.ReadAsync();
        wire.End();
        Assert.That((await reading).IsCompleted, Is.True);
    });

    private BlockPool Blocks => ((Reactor)_transport.Loops[0]).Blocks;

    private Task WithAsync(Func<TlsWire, Task> body, bool gatewayServes = true) => LoopbackPair.OnLoopAsync(_transport.Loops[0], async () =>
    {
        await using TlsWire wire = await TlsWire.OpenAsync(_transport.Loops[0], _certificate, version, gatewayServes);
        await body(wire);
    });

    private static void Take(TlsWire wire, ReadResult result, byte[] expected)
    {
        Assert.That(result.Buffer.ToArray(), Is.EqualTo(expected));
        Assert.That(result.IsCompleted || result.IsCanceled, Is.False);
        wire.Gateway.Input.AdvanceTo(result.Buffer.End);
    }

    /// <summary>Tickets, which nobody reads here.</summary>
    private static void Forget(TlsWire wire)
    {
        if (wire.Sent.TryRead(out ReadResult tickets))
        {
            wire.Sent.AdvanceTo(tickets.Buffer.End);
        }
    }

    /// <summary>The lengths of the records that went with one send.</summary>
    private static async Task<int[]> SentAsync(TlsWire wire)
    {
        ReadResult result = await wire.Sent.ReadAsync();
        byte[] bytes = result.Buffer.ToArray();
        wire.Sent.AdvanceTo(result.Buffer.End);
        Assert.That(result.IsCompleted || !wire.Sent.TryRead(out _), Is.True, "one send");
        var lengths = new List<int>();
        for (int at = 0; at < bytes.Length; at += lengths[^1])
        {
            lengths.Add(5 + (bytes[at + 3] << 8) + bytes[at + 4]);
        }

        return [.. lengths];
    }
}

using System.IO.Compression;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Transport.Streams;
using WireGate.Http.Credentials.Bodies;
using WireGate.Http.Holding;
using static WireGate.Http.Tests.Credentials.Bodies.CodedBodies;

namespace WireGate.Http.Tests.Credentials.Bodies;

/// <summary>What decoding brotli takes of the memory that there is for bodies.</summary>
internal sealed class BrotliRoomTests
{
    private const int Fixed = 64 * 1024;
    private const int Codes = 1024 * 1024;
    private const int Step = 64 * 1024;

    private HeldInProcess _held = null!;

    [SetUp]
    public void Make() => _held = new HeldInProcess();

    [Test]
    public async Task Many_small_ones_that_do_not_end_leave_room_for_others()
    {
        string text = string.Concat(Enumerable.Range(0, 150).Select(i => $"{{\"id\":{i * 7919},\"a\":\"b\"}}"));
        byte[] body = Compress("br", Encoding.ASCII.GetBytes(text));
        Assert.That(body, Has.Length.InRange(300, 700), "as calls of APIs are");
        var guards = new List<DecodedGuard>();
        for (int i = 0; i < 64; i++)
        {
            guards.Add(Guard(Coded("br"), new PoolLoop(), _held)!);
            Assert.That(await guards[i].TakeAsync(body.AsMemory(..^1)), Is.Not.Null, $"number {i}: {guards[i].Problem}");
        }

        Assert.That(_held.Bytes, Is.InRange(64L * Fixed, HeldInProcess.MostOfOne));
        guards.ForEach(g => g.Dispose());
        Assert.That(_held.Bytes, Is.Zero);
    }

    [Test]
    public async Task What_has_ended_takes_no_room()
    {
        using DecodedGuard guard = Guard(Coded("br"), new PoolLoop(), _held)!;
        Assert.That(await guard.TakeAsync(Compress("br", "hi"u8.ToArray())), Is.Not.Null);
        Assert.That(_held.Bytes, Is.Zero);
    }

    [Test]
    public async Task It_takes_as_much_as_was_written_and_no_more_than_its_window([Values(10, 16, 18, 20, 22)] int bits, [Values(20_000, 300_000, 6_000_000)] int length)
    {
        byte[] body = Brotli(Random(length), bits);
        using DecodedGuard guard = Guard(Coded("br"), new PoolLoop(), _held)!;
        for (int at = 0; at < body.Length - 1; at += 1000)
        {
            Assert.That(await guard.TakeAsync(body.AsMemory(at, Math.Min(1000, body.Length - 1 - at))), Is.Not.Null, guard.Problem);
        }

        int written = Math.Min(length, Math.Max(1 << bits, 1 << 16));
        Assert.That(_held.Bytes, Is.InRange((long)Math.Min(written, 1 << bits), Fixed + Codes + written + Step));
        Assert.That(await guard.TakeAsync(body.AsMemory(body.Length - 1)), Is.Not.Null);
        Assert.That(_held.Bytes, Is.Zero, "it has ended");
    }

    [TestCase(300_000)]
    [TestCase(3_000_000)]
    public async Task One_piece_that_stands_for_much_takes_its_window(int length)
    {
        // Of what lies in the window nobody knows how much it is.
        Take(HeldInProcess.MostOfOne - (3 * 1024 * 1024));
        using DecodedGuard guard = Guard(Coded("br"), new PoolLoop(), _held)!;

        byte[] body = Brotli(Repeated(length), 22);
        Assert.That(body, Has.Length.LessThan(20_000));
        Assert.That(await guard.TakeAsync(body), Is.Null);
        Assert.That(guard.Problem, Is.EqualTo(BodyDecoder.NoRoom));
        Assert.That(_held.Bytes, Is.EqualTo(HeldInProcess.MostOfOne - (3 * 1024 * 1024)), "that of others stays");
    }

    [Test]
    public async Task One_for_which_there_is_no_room_is_refused()
    {
        Take(HeldInProcess.MostOfOne);
        using DecodedGuard guard = Guard(Coded("br"), new PoolLoop(), _held)!;

        Assert.That(await guard.TakeAsync(Compress("br", "{}"u8.ToArray())), Is.Null);
        Assert.That(guard.Problem, Is.EqualTo(BodyDecoder.NoRoom));
        guard.Dispose();
        Assert.That(_held.Bytes, Is.EqualTo(HeldInProcess.MostOfOne), "that of others stays");
    }

    [Test]
    public async Task Within_chunks_of_AWS_it_is_refused_as_well()
    {
        Take(HeldInProcess.MostOfOne);
        byte[] body = Compress("br", "{}"u8.ToArray());
        using DecodedGuard guard = Guard("Content-Encoding: br, aws-chunked\r\n", new PoolLoop(), _held)!;

        Assert.That(await guard.TakeAsync((byte[])[.. Encoding.ASCII.GetBytes($"{body.Length:x}\r\n"), .. body, .. "\r\n0\r\n\r\n"u8]), Is.Null);
        Assert.That(guard.Problem, Is.EqualTo(BodyDecoder.NoRoom));
    }

    private void Take(long bytes) => Assert.That(_held.TryTake(Alice, (int)bytes));

    private static byte[] Random(int length)
    {
        byte[] bytes = new byte[length];
        new Random(1).NextBytes(bytes);
        return bytes;
    }

    private static byte[] Repeated(int length)
    {
        byte[] some = Random(5000);
        return [.. Enumerable.Range(0, length / some.Length).SelectMany(i => (byte[])[.. some, (byte)i, (byte)(7 * i)])];
    }

    private static byte[] Brotli(byte[] bytes, int bits)
    {
        byte[] output = new byte[BrotliEncoder.GetMaxCompressedLength(bytes.Length)];
        Assert.That(BrotliEncoder.TryCompress(bytes, output, out int length, quality: 2, bits), Is.True);
        return output[..length];
    }
}

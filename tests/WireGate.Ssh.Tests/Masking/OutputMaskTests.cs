using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Ssh.Masking;

namespace WireGate.Ssh.Tests.Masking;

/// <summary>Masks in a stream of output, whatever pieces it comes in.</summary>
internal sealed class OutputMaskTests
{
    private const string Card = "4111 1111 1111 1111";

    private const string Key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n";

    [TestCase("card " + Card + " ok\n", "card ******************* ok\n")]
    [TestCase("mail ada@example.org\r\n", "mail ***************\r\n")]
    [TestCase("a\n" + Key + "behind\n", "a\n***********************************\n***************\n****\n*********************************\nbehind\n")]
    [TestCase("nothing here 1234\n\n\n", "nothing here 1234\n\n\n")]
    [TestCase("no end of line ada@example.org", "no end of line ***************")]
    public void What_is_found_is_overwritten_in_its_place_however_it_is_cut(string said, string shown)
    {
        for (int size = 1; size <= said.Length; size++)
        {
            Assert.That(Show(Masks(MaskStyle.Redact), said, size), Is.EqualTo(shown), $"in pieces of {size}");
        }
    }

    [TestCase(MaskStyle.Last4, "***************1111")]
    [TestCase(MaskStyle.Redact, "*******************")]
    [TestCase(MaskStyle.Hash, "*******************")]
    [TestCase(MaskStyle.Null, "*******************")]
    public void A_stream_keeps_its_length_whatever_the_mask_would_show(MaskStyle style, string shown) =>
        Assert.That(Show(Masks(style), Card + "\n", 100), Is.EqualTo(shown + "\n"));

    [TestCase(OutputMask.MostKept - OutputMask.Overlap - 10)]
    [TestCase(OutputMask.MostKept - OutputMask.Overlap - 1)]
    [TestCase(OutputMask.MostKept - 10)]
    [TestCase(OutputMask.MostKept - 1)]
    [TestCase((2 * OutputMask.MostKept) - OutputMask.Overlap - 5)]
    public void What_lies_across_the_pieces_of_a_long_line_is_found(int at)
    {
        string line = new string(' ', at) + Card + new string(' ', OutputMask.MostKept) + "\n";
        Assert.That(Show(Masks(MaskStyle.Redact), line, 1000), Is.EqualTo(line.Replace(Card, new string('*', Card.Length), StringComparison.Ordinal)));
    }

    [Test]
    public void A_key_without_an_end_hides_what_follows_so_far_and_no_further()
    {
        string line = new string('x', 1000) + "\n", said = "-----BEGIN PRIVATE KEY-----\n" + string.Concat(Enumerable.Repeat(line, 100));
        string shown = Show(Masks(MaskStyle.Redact), said, 5000);

        Assert.That(shown, Has.Length.EqualTo(said.Length).And.StartsWith("***************************\n****").And.EndsWith(line));
        Assert.That(shown.Count(c => c == '*'), Is.GreaterThan(64 * 1000));
    }

    [TestCase(1_600, 1)]
    [TestCase(1_600, 1000)]
    [TestCase(6_000, 1000)]
    [TestCase(20_000, 32 * 1024)]
    public void A_token_of_any_length_is_hidden_wherever_it_lies_in_a_long_line(int length, int size)
    {
        var random = new Random(length);
        string[] parts = ["eyJ" + Letters(30), Letters(length - 300), Letters(260)];
        string token = string.Join('.', parts);
        for (int at = 0; at < 2 * OutputMask.MostKept; at += size == 1 ? 497 : 61)
        {
            string line = string.Concat(Enumerable.Repeat("p ", at / 2)) + '"' + token + "\"} behind it\n";
            string shown = Show([new MaskConfig { Name = "tokens", Detect = [MaskDetector.Jwt], With = MaskStyle.Redact }], line, size);

            Assert.That(shown == line.Replace(token, new string('*', token.Length), StringComparison.Ordinal), $"at {at}");
        }

        string Letters(int count) => new([.. Enumerable.Range(0, count).Select(_ => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[random.Next(64)])]);
    }

    [Test]
    public void A_token_that_is_shown_piece_by_piece_is_hidden_to_its_end()
    {
        var mask = new OutputMask([new MaskConfig { Name = "tokens", Detect = [MaskDetector.Jwt], With = MaskStyle.Last4 }]);
        var output = new ArrayBufferWriter<byte>();
        foreach (string piece in (string[])["token: eyJhbGciOi", "JIUzI1NiJ9.eyJzdWIi", "OiIx", ".abcdefghijkl", "\nbehind\n"])
        {
            mask.Take(Encoding.ASCII.GetBytes(piece), output);
            mask.Flush(output);
        }

        Assert.That(Encoding.ASCII.GetString(output.WrittenSpan), Is.EqualTo($"token: {new string('*', 46)}\nbehind\n"));
    }

    [Test]
    public void A_key_in_one_line_ends_wherever_its_end_lies()
    {
        for (int at = OutputMask.MostKept - OutputMask.Overlap - 60; at < OutputMask.MostKept + 60; at++)
        {
            const string Begin = "-----BEGIN PRIVATE KEY-----", End = "-----END PRIVATE KEY-----";
            string key = Begin + new string('k', at - 1000 - Begin.Length - End.Length) + End;
            string line = new string(' ', 1000) + key + " nothing else " + new string(' ', 6000) + "\n";

            Assert.That(Show(Masks(MaskStyle.Redact), line, 5000) == line.Replace(key, new string('*', key.Length), StringComparison.Ordinal), $"ends at {at}");
        }
    }

    [Test]
    public void What_is_kept_back_has_a_bound()
    {
        var mask = new OutputMask(Masks(MaskStyle.Redact));
        var output = new ArrayBufferWriter<byte>();
        for (int i = 0; i < 100; i++)
        {
            mask.Take(new byte[1000], output);
            Assert.That(((i + 1) * 1000) - output.WrittenCount, Is.InRange(0, OutputMask.MostKept));
        }
    }

    [Test]
    public void Random_streams_come_out_the_same_however_they_are_cut()
    {
        var random = new Random(5);
        string[] words = [Card, "ada@example.org", "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "\n", "\n", " ", "4111", "x", new string('y', 300)];
        for (int i = 0; i < 300; i++)
        {
            string said = string.Concat(Enumerable.Range(0, random.Next(60)).Select(_ => words[random.Next(words.Length)]));
            string whole = Show(Masks(MaskStyle.Redact), said, Math.Max(1, said.Length));
            Assert.That(whole, Has.Length.EqualTo(said.Length));
            foreach (int size in (int[])[1, 7, 100, random.Next(1, 5000)])
            {
                Assert.That(Show(Masks(MaskStyle.Redact), said, size), Is.EqualTo(whole), $"{said} in pieces of {size}");
            }
        }
    }

    private static ImmutableArray<MaskConfig> Masks(MaskStyle style) =>
        [new MaskConfig { Name = "pii", Detect = [MaskDetector.CreditCard, MaskDetector.Email, MaskDetector.PrivateKey], With = style }];

    private static string Show(ImmutableArray<MaskConfig> masks, string said, int size)
    {
        var mask = new OutputMask(masks);
        var output = new ArrayBufferWriter<byte>();
        byte[] bytes = Encoding.Latin1.GetBytes(said);
        for (int at = 0; at < bytes.Length; at += size)
        {
            mask.Take(bytes.AsSpan(at, Math.Min(size, bytes.Length - at)), output);
        }

        mask.Flush(output);
        return Encoding.Latin1.GetString(output.WrittenSpan);
    }
}

using System.Text;
using System.Text.RegularExpressions;
using NUnit.Framework;
using WireGate.Core.Credentials;

namespace WireGate.Core.Tests.Credentials;

public sealed class PlaceholderTokenTests
{
    // Checksums computed with zlib's crc32 and an independent base62.
    private const string Vector = "wgp_0123456789_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef15nKVa";

    [TestCase(Vector, "0123456789")]
    [TestCase("wgp_zzzzzzzzzz_zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz1lJNX9", "zzzzzzzzzz")]
    [TestCase("wgp_0000000000_0000000000000000000000000000037700dgCQ", "0000000000")]
    public void Accepts_the_vectors(string text, string id)
    {
        Assert.That(PlaceholderToken.TryParse(Encoding.ASCII.GetBytes(text), out ReadOnlySpan<byte> parsed), Is.True);
        Assert.That(Encoding.ASCII.GetString(parsed), Is.EqualTo(id));
    }

    [Test]
    public void Refuses_every_typo_of_one_character()
    {
        byte[] text = Encoding.ASCII.GetBytes(Vector);
        for (int i = 0; i < text.Length; i++)
        {
            byte right = text[i];
            for (int wrong = 0; wrong <= byte.MaxValue; wrong++)
            {
                text[i] = (byte)wrong;
                Assert.That(PlaceholderToken.TryParse(text, out _), Is.EqualTo(wrong == right), $"byte {wrong} at {i}");
            }

            text[i] = right;
        }
    }

    [Test]
    public void Refuses_two_characters_exchanged()
    {
        byte[] text = Encoding.ASCII.GetBytes(Vector);
        (text[20], text[21]) = (text[21], text[20]);
        Assert.That(PlaceholderToken.TryParse(text, out _), Is.False);
    }

    [Test]
    public void Refuses_every_prefix_and_anything_around_it()
    {
        for (int i = 0; i < Vector.Length; i++)
        {
            Assert.That(PlaceholderToken.TryParse(Encoding.ASCII.GetBytes(Vector[..i]), out ReadOnlySpan<byte> id), Is.False);
            Assert.That(id.IsEmpty, Is.True);
        }

        Assert.That(PlaceholderToken.TryParse(Encoding.ASCII.GetBytes(Vector + "\n"), out _), Is.False);
        Assert.That(PlaceholderToken.TryParse(Encoding.ASCII.GetBytes(" " + Vector), out _), Is.False);
    }

    [Test]
    public void What_it_creates_parses_matches_the_published_pattern_and_never_repeats()
    {
        HashSet<string> ids = [];
        for (int i = 0; i < 1000; i++)
        {
            using Secret token = PlaceholderToken.Create(out string id);
            Assert.That(token.Length, Is.EqualTo(PlaceholderToken.Length).And.EqualTo(53));
            Assert.That(PlaceholderToken.TryParse(token.Span, out ReadOnlySpan<byte> parsed), Is.True);
            Assert.That(Encoding.ASCII.GetString(parsed), Is.EqualTo(id));
            Assert.That(Regex.IsMatch($"DSN=postgres://x:{Encoding.ASCII.GetString(token.Span)}@gate/db", PlaceholderToken.Pattern), Is.True);
            Assert.That(ids.Add(id), Is.True);
        }
    }

    [TestCase("0123456789", true)]
    [TestCase("012345678", false)]
    [TestCase("01234567890", false)]
    [TestCase("01234+6789", false)]
    [TestCase("01234@6789", false)]
    [TestCase("01234_6789", false)]
    public void Knows_the_shape_of_an_id(string text, bool expected) =>
        Assert.That(PlaceholderToken.IsId(Encoding.ASCII.GetBytes(text)), Is.EqualTo(expected));
}

using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Credentials;
using WireGate.Postgres.Authentication;

namespace WireGate.Postgres.Tests.Authentication;

internal sealed class SaslPrepTests
{
    [TestCase("pencil", "pencil", TestName = "ASCII_is_itself")]
    [TestCase("a\u0007b", "a\u0007b", TestName = "ASCII_is_itself_with_its_control_characters")]
    [TestCase("IX-\u2168", "IX-IX", TestName = "A_roman_numeral_is_its_letters")]
    [TestCase("I\u00ADX", "IX", TestName = "A_soft_hyphen_is_nothing")]
    [TestCase("\u00AA", "a", TestName = "An_ordinal_is_its_letter")]
    [TestCase("a\u00A0b", "a b", TestName = "Every_space_is_the_space")]
    [TestCase("e\u0301", "\u00E9", TestName = "A_mark_joins_its_letter")]
    [TestCase("\u1112\u1161\u11AB", "\uD55C", TestName = "Hangul_is_composed")]
    [TestCase("\uD55C\u00AD", "\uD55C", TestName = "Hangul_stays_composed")]
    [TestCase("\u0627\u0628", "\u0627\u0628", TestName = "Right_to_left_alone_is_allowed")]
    [TestCase("\u06271", "\u06271", TestName = "Right_to_left_with_a_digit_at_the_end_is_used_as_it_is")]
    [TestCase("\u2168\u0627", "\u2168\u0627", TestName = "Mixed_directions_are_used_as_they_are")]
    [TestCase("\u2168\u0007", "\u2168\u0007", TestName = "A_prohibited_character_leaves_all_as_it_is")]
    [TestCase("\u2168\u0221", "\u2168\u0221", TestName = "An_unassigned_character_leaves_all_as_it_is")]
    [TestCase("\u00AD", "\u00AD", TestName = "What_would_be_nothing_is_used_as_it_is")]
    public void Prepares_as_PostgreSQL_does(string password, string expected)
    {
        using Secret prepared = SaslPrep.Prepare(Encoding.UTF8.GetBytes(password));
        Assert.That(Encoding.UTF8.GetString(prepared.Span), Is.EqualTo(expected));
    }

    [Test]
    public void What_is_no_UTF_8_is_used_as_it_is()
    {
        byte[] latin1 = [(byte)'a', 0xE9, 0xE2, 0x85];
        using Secret prepared = SaslPrep.Prepare(latin1);
        Assert.That(prepared.Span.ToArray(), Is.EqualTo(latin1));
    }

    [Test]
    public void Every_character_is_normalised_as_the_standard_has_it()
    {
        // SHA-256 over form KC, in UTF-32BE, of "e", each code point, U+0301 and U+0323; by another implementation of Unicode 14.
        const string Expected = "6ae1f29cc86dd7163c64c20bfc319e7dcbb6e66c79e849f0d14b3e2022acfa99";
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] number = new byte[sizeof(int)];
        for (int c = 0; c <= 0x10FFFF; c++)
        {
            if (!Rune.IsValid(c))
            {
                continue;
            }

            int[] text = ['e', c, 0x301, 0x323];
            int[] normalized = new int[Normalization.DecomposedLength(SaslPrepTables.Instance, text)];
            Normalization.Decompose(SaslPrepTables.Instance, text, normalized);
            foreach (int n in normalized.AsSpan(0, Normalization.Compose(SaslPrepTables.Instance, normalized)))
            {
                BinaryPrimitives.WriteInt32BigEndian(number, n);
                hash.AppendData(number);
            }
        }

        Assert.That(Convert.ToHexStringLower(hash.GetHashAndReset()), Is.EqualTo(Expected));
    }
}

using System.Text;
using NUnit.Framework;
using WireGate.Core.Credentials;
using WireGate.Http.Credentials;

namespace WireGate.Http.Tests.Credentials;

/// <summary>What several needles find is what each of them would.</summary>
internal sealed class NeedleSearchTests
{
    [Test]
    public void Finds_what_a_plain_search_finds([Range(0, 40)] int seed)
    {
        var random = new Random(seed);
        string alphabet = seed % 2 == 0 ? "ab" : "abcdefghijklmnop/+=\xe9";
        for (int round = 0; round < 50; round++)
        {
            string[] needles = [.. Enumerable.Range(0, random.Next(1, 20)).Select(_ => Text(random, alphabet, random.Next(3, 12)))];
            Secret[] secrets = [.. needles.Select(n => Secret.CopyOf(Encoding.Latin1.GetBytes(n)))];
            var search = new NeedleSearch();
            search.Set(secrets);
            string text = Text(random, alphabet, random.Next(0, 200));
            byte[] bytes = Encoding.Latin1.GetBytes(text);
            for (int from = 0; from <= text.Length; from += 7)
            {
                int expected = needles.Select(n => text.IndexOf(n, from, StringComparison.Ordinal)).Where(i => i >= 0).DefaultIfEmpty(-1).Min();
                int found = search.IndexOf(bytes, from, out int length);

                Assert.That(found, Is.EqualTo(expected), text);
                Assert.That(length, Is.EqualTo(expected < 0 ? 0 : needles.Where(n => string.CompareOrdinal(text, expected, n, 0, n.Length) == 0).Max(n => n.Length)));
            }

            Assert.That(search.LongestBeginning(bytes), Is.EqualTo(
                Enumerable.Range(0, text.Length + 1).Where(l => needles.Any(n => l < n.Length && n.StartsWith(text[^l..], StringComparison.Ordinal))).Max()));
            Array.ForEach(secrets, s => s.Dispose());
        }
    }

    [Test]
    public void Without_needles_nothing_is_found()
    {
        var search = new NeedleSearch();
        Assert.That((search.IndexOf("abcdefghijklmnopqrstuvwxyz"u8, 0, out _), search.LongestBeginning("abc"u8)), Is.EqualTo((-1, 0)));
    }

    [TestCase("secret-1", "xsecret-1secret-1x", "x****************x")]
    [TestCase("aaaaaaaa", "aaaaaaaaaaab", "***********b")]
    [TestCase("abcabcabc", "-abcabcabcabc-", "-************-")]
    public void What_overlaps_is_overwritten_to_its_end(string secret, string text, string expected)
    {
        using var form = Secret.CopyOf(Encoding.ASCII.GetBytes(secret));
        using var scrubber = new Scrubber();
        scrubber.Begin([form]);
        byte[] bytes = Encoding.ASCII.GetBytes(text);

        Assert.That(scrubber.Overwrite(bytes));
        Assert.That(Encoding.ASCII.GetString(bytes), Is.EqualTo(expected));
    }

    private static string Text(Random random, string alphabet, int length) => string.Concat(Enumerable.Range(0, length).Select(_ => alphabet[random.Next(alphabet.Length)]));
}

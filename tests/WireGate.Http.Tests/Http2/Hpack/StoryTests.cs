using System.Globalization;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Http.Http2;
using WireGate.Http.Http2.Hpack;

namespace WireGate.Http.Tests.Http2.Hpack;

/// <summary>What another encoder wrote is read as it was meant, and what is written of that is read as the same.</summary>
internal sealed class StoryTests
{
    private static readonly string Places = Path.Combine(AppContext.BaseDirectory, "Http2", "Hpack", "Stories");

    private static IEnumerable<string> Stories => Directory.GetFiles(Places, "*.txt").Select(f => Path.GetFileNameWithoutExtension(f)).Order();

    [TestCaseSource(nameof(Stories))]
    public void Reads_a_story(string name)
    {
        string[] lines = File.ReadAllText(Path.Combine(Places, name + ".txt"), Encoding.Latin1).TrimEnd('\n').Split('\n');
        using var decoder = new HpackDecoder(Peer.Client, int.Parse(lines[0]["table ".Length..], CultureInfo.InvariantCulture));
        using var encoder = new HpackEncoder();
        using var again = new HpackDecoder(Peer.Client);
        int blocks = 0;
        for (int i = 1; i < lines.Length; blocks++)
        {
            byte[] block = Convert.FromHexString(lines[i++]["block ".Length..]);
            var expected = new StringBuilder();
            for (; i < lines.Length && !lines[i].StartsWith("block ", StringComparison.Ordinal); i++)
            {
                expected.Append(lines[i]).Append('\n');
            }

            Assert.That(Read(decoder, block), Is.EqualTo(expected.ToString()), $"block {blocks}");
            using var section = new FieldSection();
            foreach (string line in expected.ToString().Split('\n')[..^1])
            {
                int colon = line.IndexOf(": ", StringComparison.Ordinal);
                section.Add(Encoding.Latin1.GetBytes(line[2..colon]), Encoding.Latin1.GetBytes(line[(colon + 2)..]), line[0] == '!');
            }

            byte[] written = new byte[HpackEncoder.MostLength(section)];

            // Cookies too are never remembered behind this gateway.
            Assert.That(
                Read(again, written[..encoder.Encode(section, written)]),
                Is.EqualTo(expected.ToString().Replace("- cookie", "! cookie", StringComparison.Ordinal)), $"block {blocks}, written anew");
        }

        Assert.That(blocks, Is.EqualTo(24));
    }

    [Test]
    public void Three_encoders_wrote_them() => Assert.That(
        Stories,
        Is.EquivalentTo(
        [
            "go", "go-resized", "go-small-table", "huffman", "nghttp2", "nghttp2-resized", "nghttp2-small-table", "no-table", "plain", "resized", "small-table",
        ]));

    private static string Read(HpackDecoder decoder, byte[] block)
    {
        using var section = new FieldSection();
        decoder.Decode(block, section);
        section.SetPseudo(0);
        var text = new StringBuilder();
        for (int i = 0; i < section.Fields.Length; i++)
        {
            text.Append(section.IsSensitive(i) ? "! " : "- ").Append(Encoding.Latin1.GetString(section.Name(section.Fields[i]))).Append(": ")
                .Append(Encoding.Latin1.GetString(section.Value(section.Fields[i]))).Append('\n');
        }

        return text.ToString();
    }
}

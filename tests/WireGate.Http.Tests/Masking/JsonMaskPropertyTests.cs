using System.Text;
using System.Text.Json;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Http.Masking;

namespace WireGate.Http.Tests.Masking;

/// <summary>Random documents and paths: what streams is what a reader of the whole document would have made of it.</summary>
internal sealed class JsonMaskPropertyTests
{
    private static readonly string[] Names = ["a", "b", "c", "token", "a b", "é"];
    private static readonly string[] Texts = ["", "x", "hello", "say \"hi\"", "4111 1111 1111 1111", "é😀\n", "\\", "card: 4111111111111111!"];

    [Test]
    public void Streaming_comes_to_the_same_as_reading_the_whole([Range(1, 400)] int seed)
    {
        var random = new Random(seed);
        string[] texts = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => PathOf(random))];
        MaskConfig mask = Masked.Paths(MaskStyle.Redact, texts) with { Detect = random.Next(2) == 0 ? [] : [MaskDetector.CreditCard] };
        var document = new StringBuilder();
        Write(document, random, 0);
        string body = document.ToString();

        byte[] bytes = Encoding.UTF8.GetBytes(body);
        string shown = Masked.Run(Masked.Plan(mask), BodyForm.Json, [bytes]);
        int step = random.Next(1, 20);
        Assert.That(Masked.Run(Masked.Plan(mask), BodyForm.Json, bytes.Chunk(step)), Is.EqualTo(shown), "however it comes");
        Assert.That(Normal(shown, new MaskConfig { Name = "none" }), Is.EqualTo(Normal(body, mask)), $"{string.Join(", ", texts)} of {body}: {shown}");
    }

    // The document as it is written without any choice, with what is meant replaced.
    private static string Normal(string body, MaskConfig mask)
    {
        using JsonDocument document = JsonDocument.Parse(body);
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            Write(writer, document.RootElement, [.. mask.Json.Select(p => p.Steps.AsEnumerable().ToArray())], !mask.Detect.IsEmpty);
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static void Write(Utf8JsonWriter writer, JsonElement value, JsonPathStep[][] paths, bool isSearched)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (JsonProperty member in value.EnumerateObject())
                {
                    writer.WritePropertyName(member.Name);
                    WriteMember(writer, member.Value, paths, member.Name, isSearched);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (JsonElement element in value.EnumerateArray())
                {
                    WriteMember(writer, element, paths, null, isSearched);
                }

                writer.WriteEndArray();
                break;
            case JsonValueKind.String when isSearched:
                writer.WriteStringValue(value.GetString()!.Replace("4111 1111 1111 1111", "[redacted]", StringComparison.Ordinal)
                    .Replace("4111111111111111", "[redacted]", StringComparison.Ordinal));
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }

    private static void WriteMember(Utf8JsonWriter writer, JsonElement value, JsonPathStep[][] paths, string? name, bool isSearched)
    {
        JsonPathStep[][] taken = [.. paths.Where(p => p[0].Name is null || p[0].Name == name)];
        if (!taken.Any(p => p.Length == 1))
        {
            Write(writer, value, [.. taken.Select(p => p[1..]), .. paths.Where(p => p[0].IsDescendant)], isSearched);
        }
        else if (value.ValueKind == JsonValueKind.String)
        {
            writer.WriteStringValue("[redacted]");
        }
        else
        {
            writer.WriteNullValue();
        }
    }

    private static string PathOf(Random random)
    {
        var path = new StringBuilder("$");
        for (int steps = random.Next(1, 4); steps > 0; steps--)
        {
            path.Append(random.Next(3) == 0 ? ".." : "").Append(random.Next(5) == 0 ? "[*]" : $"['{Names[random.Next(Names.Length)]}']");
        }

        return path.ToString();
    }

    private static void Write(StringBuilder document, Random random, int depth)
    {
        document.Append(random.Next(6) == 0 ? " " : "");
        switch (random.Next(depth > 5 ? 4 : 8))
        {
            case 0:
                document.Append(random.Next(2) == 0 ? "true" : "null");
                break;
            case 1:
                document.Append(random.Next(2) == 0 ? "-1.5e3" : "0");
                break;
            case 2 or 3:
                WriteText(document, random, Texts[random.Next(Texts.Length)]);
                break;
            case 4 or 5:
                WriteMany(document, random, '[', ']', () => Write(document, random, depth + 1));
                break;
            default:
                WriteMany(document, random, '{', '}', () =>
                {
                    WriteText(document, random, Names[random.Next(Names.Length)]);
                    document.Append(random.Next(6) == 0 ? " :\n" : ":");
                    Write(document, random, depth + 1);
                });
                break;
        }

        document.Append(random.Next(6) == 0 ? "\t" : "");
    }

    private static void WriteMany(StringBuilder document, Random random, char open, char close, Action write)
    {
        document.Append(open);
        for (int left = random.Next(5); left > 0; left--)
        {
            write();
            document.Append(left > 1 ? "," : "");
        }

        document.Append(close);
    }

    private static void WriteText(StringBuilder document, Random random, string text)
    {
        document.Append('"');
        foreach (char c in text)
        {
            document.Append(c < ' ' || c is '"' or '\\' || random.Next(8) == 0 ? $"\\u{(int)c:x4}" : char.IsSurrogate(c) ? $"\\u{(int)c:X4}" : c.ToString());
        }

        document.Append('"');
    }
}

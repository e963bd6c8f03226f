using System.Text;
using System.Text.Json;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy.Facts;
using static WireGate.Fuzz.Parsers;

namespace WireGate.Fuzz.Http;

/// <summary>Bodies that rules look at may be anything: what is found of them is what another reader of JSON finds there.</summary>
internal sealed class BodyFuzz
{
    private static readonly JsonPointers Pointers = [.. new[] { "/kind", "/n/0/a", "/a~1b" }.Select(t => JsonPointer.TryParse(t, out JsonPointer? p) ? p : throw new ArgumentException(t))];

    private static readonly byte[][] Bodies =
    [
        Bytes("""{"kind":"re\u0066und","n":[{"a":1e2},{"a":null}],"a/b":true}"""),
        Bytes("""{"Kind":"x","kind":"y","n":{"0":{"a":"\ud83d\ude00"}}}"""),
        Bytes("""[{"kind":1},[[[[{}]]]]]"""),
    ];

    [Test]
    public void What_is_found_is_there() => Vary(77, Bodies, bytes =>
    {
        HttpBody body = HttpBody.OfJson(bytes, Pointers);
        if (body.Problem is not null)
        {
            return;
        }

        using JsonDocument document = JsonDocument.Parse(bytes);
        foreach (HttpBodyField field in body.Fields.Where(f => f.IsExact))
        {
            JsonElement at = document.RootElement;
            foreach (string token in field.Pointer.Tokens)
            {
                at = at.ValueKind == JsonValueKind.Array ? at[int.Parse(token, System.Globalization.CultureInfo.InvariantCulture)] : at.GetProperty(token);
            }

            string? value = at.ValueKind switch { JsonValueKind.String => at.GetString()!.Contains('\0', StringComparison.Ordinal) ? null : at.GetString(), JsonValueKind.Object or JsonValueKind.Array => null, _ => at.GetRawText() };
            Assert.That(field.Value, Is.EqualTo(value));
        }
    });

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}

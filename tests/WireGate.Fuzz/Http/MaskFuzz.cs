using System.Text;
using System.Text.Json;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Http.Masking;
using static WireGate.Fuzz.Parsers;

namespace WireGate.Fuzz.Http;

/// <summary>Bodies that may be anything: however they come, the same of them passes, and what passes as JSON has nothing in it that is hidden.</summary>
internal sealed class MaskFuzz
{
    private static readonly MaskPlan Plan = new(
        [
            new MaskConfig { Name = "a", Json = [Path("$..token"), Path("$.a[*].b")], With = MaskStyle.Redact },
            new MaskConfig { Name = "b", Detect = [MaskDetector.CreditCard, MaskDetector.Jwt, MaskDetector.PrivateKey, MaskDetector.Email], With = MaskStyle.Last4 },
        ],
        new byte[32]);

    private static readonly byte[][] Bodies =
    [
        Bytes("""{"token":"abc\u0065\"","a":[{"b":1,"c":"4111 1111 1111 1111"},{"b":[1,{"x":null}]}],"n":[-1.5e+3,true,false,""]}"""),
        Bytes("""{"tok\u0065n":{"token":[]},"t":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abcdefghijkl \ud83d\ude00 \u00e9 a@example.com"}"""),
        Bytes("[\"-----BEGIN PRIVATE KEY-----\\nMII\\n-----END PRIVATE KEY-----\"]\n{\"token\":1}\n"),
        Bytes("data: {\"token\":\ndata: \"x\"}\r\n\r\nevent: y\r: a@example.com\ndata: [DONE]\n\ndata:[1]\n\n"),
        Bytes("-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----\r\ncard=4111+1111+1111+1111&mail=a%40example.com\n"),
    ];

    [Test]
    public void What_passes_is_the_same_however_it_comes() => Vary(61, Bodies, bytes =>
    {
        foreach (BodyForm form in (BodyForm[])[BodyForm.Json, BodyForm.JsonLines, BodyForm.Events, BodyForm.Text])
        {
            (byte[] whole, string? problem) = Run(form, bytes, Math.Max(1, bytes.Length));
            foreach (int step in (int[])[1, 7])
            {
                (byte[] pieces, string? again) = Run(form, bytes, step);
                if (!pieces.AsSpan().SequenceEqual(whole) || again != problem)
                {
                    Assert.Fail($"{form} by {step}: {Encoding.Latin1.GetString(bytes)}");
                }
            }
        }
    });

    [Test]
    public void What_passes_as_JSON_shows_no_hidden_member() => Vary(62, Bodies, bytes =>
    {
        (byte[] shown, string? problem) = Run(BodyForm.Json, bytes, Math.Max(1, bytes.Length));
        if (problem is not null)
        {
            return;
        }

        var reader = new Utf8JsonReader(
            shown.AsSpan().ToArray().Select(b => b == 0x1e ? (byte)' ' : b).ToArray(), new JsonReaderOptions { AllowMultipleValues = true, MaxDepth = JsonMask.MostDepth });
        bool isHidden = false;
        while (reader.Read())
        {
            if (isHidden && reader.TokenType != JsonTokenType.Null && !(reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("[redacted]")))
            {
                Assert.Fail(Encoding.Latin1.GetString(shown));
            }

            isHidden = reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("token");
        }
    });

    private static (byte[] Shown, string? Problem) Run(BodyForm form, byte[] bytes, int step)
    {
        using var shown = new MemoryStream();
        BodyMask mask = Plan.Begin(form);
        for (int at = 0; at < bytes.Length && mask.Problem is null; at += step)
        {
            shown.Write(mask.Take(bytes.AsSpan(at, Math.Min(step, bytes.Length - at))).Span);
        }

        if (mask.Problem is null)
        {
            ReadOnlySpan<byte> rest = mask.Rest().Span;
            shown.Write(mask.Problem is null ? rest : default);
        }

        string? problem = mask.Problem;
        Plan.Return(mask);
        return (shown.ToArray(), problem);
    }

    private static JsonPath Path(string text) => JsonPath.TryParse(text, out JsonPath? path, out string? problem) ? path : throw new ArgumentException(problem);

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}

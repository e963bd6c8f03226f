using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Http.Masking;

namespace WireGate.Http.Tests.Masking;

/// <summary>Bodies that go through masks, whole and in every two pieces, which must come to the same.</summary>
internal static class Masked
{
    public static readonly byte[] Key = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    public static MaskPlan Plan(params MaskConfig[] masks) => new(masks, Key);

    public static MaskConfig Paths(MaskStyle style, params string[] paths) => new()
    {
        Name = "m",
        Json = [.. paths.Select(p => JsonPath.TryParse(p, out JsonPath? path, out string? problem) ? path : throw new ArgumentException(problem))],
        With = style,
        Fixed = style == MaskStyle.Fixed ? "a \"fixed\" text" : null,
    };

    public static MaskConfig Detectors(MaskStyle style, params MaskDetector[] detectors) => new() { Name = "d", Detect = [.. detectors], With = style };

    /// <summary>What passes of a body; what is cut off ends with <c>✂</c>.</summary>
    public static string Of(MaskPlan plan, BodyForm form, string body)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        string whole = Run(plan, form, [bytes]);
        Assert.That(Run(plan, form, [.. bytes.Select(b => new[] { b })]), Is.EqualTo(whole), "byte by byte");
        for (int at = 1; at < bytes.Length && bytes.Length < 2000; at++)
        {
            Assert.That(Run(plan, form, [bytes[..at], bytes[at..]]), Is.EqualTo(whole), $"cut at {at}");
        }

        return whole;
    }

    public static string Json(MaskConfig mask, string body) => Of(Plan(mask), BodyForm.Json, body);

    public static string Run(MaskPlan plan, BodyForm form, IEnumerable<byte[]> pieces)
    {
        using var output = new MemoryStream();
        BodyMask mask = plan.Begin(form);
        foreach (byte[] piece in pieces)
        {
            output.Write(mask.Take(piece).Span);
            if (mask.Problem is not null)
            {
                break;
            }
        }

        if (mask.Problem is null)
        {
            ReadOnlySpan<byte> rest = mask.Rest().Span;
            output.Write(mask.Problem is null ? rest : default);
        }

        bool isCut = mask.Problem is not null;
        plan.Return(mask);
        return Encoding.UTF8.GetString(output.ToArray()) + (isCut ? "✂" : "");
    }
}

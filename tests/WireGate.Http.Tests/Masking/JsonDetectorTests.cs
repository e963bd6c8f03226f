using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Http.Masking;

namespace WireGate.Http.Tests.Masking;

/// <summary>JSON, in whose strings detectors look.</summary>
internal sealed class JsonDetectorTests
{
    private const string Card = "4111 1111 1111 1111";
    private const string Jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abcdefghijklmnop";

    private static readonly MaskPlan Cards = Masked.Plan(Masked.Detectors(MaskStyle.Last4, MaskDetector.CreditCard));

    [TestCase($$"""{"a":"{{Card}}"}""", """{"a":"****1111"}""")]
    [TestCase($$"""{"a":["pay {{Card}} now","\u00e9 {{Card}}\n"]}""", """{"a":["pay ****1111 now","\u00e9 ****1111\n"]}""")]
    [TestCase("""{"a":"4111\u00201111\u0020111\u0031 1111 \/"}""", """{"a":"****1111 \/"}""")]
    [TestCase("""{"a":"4\u003111111111111111"}""", """{"a":"****1111"}""")]
    [TestCase($$"""{"{{Card}}":1}""", $$"""{"{{Card}}":1}""")]
    [TestCase("""{"a":4111111111111111}""", """{"a":4111111111111111}""")]
    [TestCase("""{"a":"4111111111111112 \" \\ \u0041 \ud83d\ude00"}""", """{"a":"4111111111111112 \" \\ \u0041 \ud83d\ude00"}""")]
    [TestCase($$"""["{{Card}} and {{Card}}"]""", """["****1111 and ****1111"]""")]
    public void What_is_found_in_a_string_is_hidden_and_the_rest_stays_as_it_is_written(string body, string shown) =>
        Assert.That(Masked.Of(Cards, BodyForm.Json, body), Is.EqualTo(shown));

    [Test]
    public void A_hidden_member_is_not_looked_through()
    {
        MaskPlan plan = Masked.Plan(Masked.Paths(MaskStyle.Redact, "$.a"), Masked.Detectors(MaskStyle.Last4, MaskDetector.CreditCard));

        Assert.That(Masked.Of(plan, BodyForm.Json, $$"""{"a":"{{Card}}","b":"{{Card}}"}"""), Is.EqualTo("""{"a":"[redacted]","b":"****1111"}"""));
    }

    [TestCase(MaskStyle.Redact, "[redacted]")]
    [TestCase(MaskStyle.Null, "")]
    [TestCase(MaskStyle.Partial, "4***1")]
    public void Styles_hold_for_what_is_found(MaskStyle style, string shown) =>
        Assert.That(Masked.Of(Masked.Plan(Masked.Detectors(style, MaskDetector.CreditCard)), BodyForm.Json, $"[\"x {Card} y\"]"), Is.EqualTo($"[\"x {shown} y\"]"));

    [Test]
    public void Finds_that_overlap_are_one()
    {
        MaskPlan plan = Masked.Plan(Masked.Detectors(MaskStyle.Last4, MaskDetector.Email), Masked.Detectors(MaskStyle.Last4, MaskDetector.Ip));

        Assert.That(Masked.Of(plan, BodyForm.Json, """["alice@10.0.0.1.example.com"]"""), Does.Not.Contain("10.0").And.Not.Contain("alice"));
    }

    [Test]
    public void In_long_strings_what_lies_across_windows_is_found([Range(4060, 4100, 5)] int at, [Values("x", "\\n", "é")] string filling)
    {
        string before = string.Concat(Enumerable.Repeat(filling + " ", at / (filling.Length + 1)));
        string body = $"[\"{before}{Card} {new string('y', 5000)}\"]";

        Assert.That(
            Masked.Run(Cards, BodyForm.Json, [System.Text.Encoding.UTF8.GetBytes(body)]), Is.EqualTo($"[\"{before}****1111 {new string('y', 5000)}\"]"));
        Assert.That(Masked.Run(Cards, BodyForm.Json, System.Text.Encoding.UTF8.GetBytes(body).Chunk(7)), Is.EqualTo($"[\"{before}****1111 {new string('y', 5000)}\"]"));
    }

    [Test]
    public void A_token_that_is_longer_than_a_window_is_hidden_to_its_end()
    {
        MaskPlan plan = Masked.Plan(Masked.Detectors(MaskStyle.Last4, MaskDetector.Jwt));
        string body = $"[\"a {Jwt[..^16]}{new string('k', 20_000)} b\",\"{new string('k', 30)}\"]";

        Assert.That(Masked.Run(plan, BodyForm.Json, System.Text.Encoding.UTF8.GetBytes(body).Chunk(1000)), Is.EqualTo($"[\"a [redacted] b\",\"{new string('k', 30)}\"]"));
    }

    [Test]
    public void A_private_key_is_hidden_to_its_end_and_not_beyond_its_string()
    {
        MaskPlan plan = Masked.Plan(Masked.Detectors(MaskStyle.Redact, MaskDetector.PrivateKey));
        string lines = string.Concat(Enumerable.Repeat(new string('M', 64) + "\\n", 200));
        string body = $"[\"a -----BEGIN PRIVATE KEY-----\\n{lines}-----END PRIVATE KEY----- b\",\"-----BEGIN PRIVATE KEY-----\\nMII\",\"c\"]";

        Assert.That(Masked.Run(plan, BodyForm.Json, System.Text.Encoding.UTF8.GetBytes(body).Chunk(1000)), Is.EqualTo("[\"a [redacted] b\",\"[redacted]\",\"c\"]"));
    }

    [Test]
    public void What_is_cut_shows_nothing_of_a_string_that_was_not_looked_at() =>
        Assert.That(Masked.Of(Cards, BodyForm.Json, "[\"ok\",\"4111 1111 1111 1\n"), Is.EqualTo("[\"ok\",\"✂"));
}

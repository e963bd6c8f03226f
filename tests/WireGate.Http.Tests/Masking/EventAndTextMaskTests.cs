using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Http.Masking;

namespace WireGate.Http.Tests.Masking;

/// <summary>Server-sent events, and text by its lines.</summary>
internal sealed class EventAndTextMaskTests
{
    private const string Card = "4111 1111 1111 1111";
    private const string Key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----";

    private static readonly MaskConfig Config = Masked.Paths(MaskStyle.Redact, "$..token") with { Detect = [MaskDetector.CreditCard] };
    private static readonly MaskPlan Both = Masked.Plan(Config with { Unsure = MaskUnsure.Detect });
    private static readonly MaskPlan Strict = Masked.Plan(Config);

    [TestCase("data: {\"token\":\"t\",\"a\":1}\n\n", "data: {\"token\":\"[redacted]\",\"a\":1}\n\n")]
    [TestCase("data:{\"token\":\"t\"}\r\n\r\ndata: {\"token\":1}\r\n\r\n", "data:{\"token\":\"[redacted]\"}\r\n\r\ndata: {\"token\":null}\r\n\r\n")]
    [TestCase("data: {\r\rdata: x\r\r", "data: {\r✂")]
    [TestCase("data: {\ndata: \"token\":\ndata: \"t\"\ndata: }\n\n", "data: {\ndata: \"token\":\ndata: \"[redacted]\"\ndata: }\n\n")]
    [TestCase("data: [{\"token\":\"t\"}]\n\n", "data: [{\"token\":\"[redacted]\"}]\n\n")]
    [TestCase("data: [\ndata: {\"token\":{\ndata: \"x\":1}}]\n\n", "data: [\ndata: {\"token\":null\ndata:}]\n\n")]
    [TestCase("data: [DONE]\n\n", "data: [DONE]\n\n")]
    [TestCase($"event: x\nid: 1\n: {Card}\ndata: pay {Card}\ndata: {{\"token\":\"is text now\"}}\n\ndata: {{\"token\":\"t\"}}\n\n",
        "event: x\nid: 1\n: [redacted]\ndata: pay [redacted]\ndata: {\"token\":\"is text now\"}\n\ndata: {\"token\":\"[redacted]\"}\n\n")]
    [TestCase("data\ndat: {\"token\":\"other\"}\nmetadata: x\n\n", "data\ndat: {\"token\":\"other\"}\nmetadata: x\n\n")]
    [TestCase("\ufeffdata: {\"token\":\"t\"}\n\n", "\ufeffdata: {\"token\":\"[redacted]\"}\n\n")]
    [TestCase("data: {\"token\":\"t\ndata: u\"}\n\n", "data: {\"token\":\"✂")]
    [TestCase("data: {\"a\":1\n\ndata: {\"token\":\"t\"}\n\n", "data: {\"a\":1\n✂")]
    [TestCase("data: {\"a\":nul\ndata: l}\n\n", "data: {\"a\":nul✂")]
    [TestCase("data: {\"a\":12\ndata: }\n\n", "data: {\"a\":12\ndata: }\n\n")]
    [TestCase("data: {\"token\":12\ndata: }\n\n", "data: {\"token\":null\ndata: }\n\n")]
    [TestCase($"data: last {Card}", "data: last [redacted]")]
    [TestCase("\n\n: hello\n\n", "\n\n: hello\n\n")]
    public void Events_are_masked_each_and_stay_events(string body, string shown) =>
        Assert.That(Masked.Of(Both, BodyForm.Events, body), Is.EqualTo(shown));

    [TestCase("data: {\"token\":\"t\"}\n\ndata: [DONE]\n\n", "data: {\"token\":\"[redacted]\"}\n\ndata: [DONE]\n\n")]
    [TestCase("event: a\ndata: 0\ndata: {\"token\":\"t\"}\n\n", "event: a\ndata: ✂")]
    [TestCase("data: \ufeff{\"token\":\"t\"}\n\n", "data: ✂")]
    [TestCase("data: x{\"token\":\"t\"}\n\n", "data: ✂")]
    [TestCase("data: \"{\\\"token\\\"\"\n\n", "data: ✂")]
    [TestCase("data: [DONE]{\"token\":\"t\"}\n\n", "data: [DONE]✂")]
    [TestCase("data: [DONE]\ndata: {\"token\":\"t\"}\n\n", "data: [DONE]\ndata:✂")]
    [TestCase("data: [Dt", "data: [D✂")]
    [TestCase(": hello\ndata\ndata: \ndata:{\"token\":1}\n\nid: 7\n\n", ": hello\ndata\ndata: \ndata:{\"token\":null}\n\nid: 7\n\n")]
    public void Data_that_has_no_members_does_not_pass_where_members_are_masked(string body, string shown) =>
        Assert.That(Masked.Of(Strict, BodyForm.Events, body), Is.EqualTo(shown));

    [TestCase("event: a\nid: 1-x\nretry: 100\nevent\nid\n: ping 12:00\n:\nevent:\n\n", "event: a\nid: 1-x\nretry: 100\nevent\nid\n: ping 12:00\n:\nevent:\n\n")]
    [TestCase("{\"token\":\"t\"}", "✂", Description = "an error that is no event")]
    [TestCase("data: [DONE]\n\n{\"token\":\"t\"}\n", "data: [DONE]\n\n✂")]
    [TestCase("id: 7\nid: {\"token\":\"t\"}\n", "id: 7\nid:✂")]
    [TestCase("event: a \"t\"\n", "event:✂")]
    [TestCase(": [1]\n", ":✂")]
    [TestCase(": \u0085data: {\"token\":1}\n", ":✂")]
    [TestCase(" data: {\"token\":1}\n", "✂")]
    [TestCase("Data: {\"token\":1}\n", "✂")]
    [TestCase("data : {\"token\":1}\n", "data✂")]
    [TestCase("events: a\n", "event✂")]
    [TestCase("token: t\n", "✂")]
    [TestCase("\ufeff\ufeffdata: {\"token\":1}\n", "\ufeff✂")]
    public void A_line_that_is_no_data_passes_only_where_it_can_have_no_members(string body, string shown) =>
        Assert.That(Masked.Of(Strict, BodyForm.Events, body), Is.EqualTo(shown));

    [TestCase("{\"token\":1}\n{\"token\":\"t\"}\r\n\n[1]\n2", "{\"token\":null}\n{\"token\":\"[redacted]\"}\r\n\n[1]\n2")]
    [TestCase("{\"msg\":\n{\"token\":\"t\"}}\n", "{\"msg\":✂")]
    [TestCase("{\"token\":\n{\"a\":\"t\"}}\n", "{\"token\":✂")]
    [TestCase("{\"a\":1,\r{\"token\":\"t\"}\n", "{\"a\":1,✂")]
    [TestCase("{\"a\":1\n", "{\"a\":1✂")]
    [TestCase("{\"a\":tr", "{\"a\":tr✂")]
    public void A_line_of_JSON_is_a_value_and_no_part_of_the_next(string body, string shown) =>
        Assert.That(Masked.Of(Strict, BodyForm.JsonLines, body), Is.EqualTo(shown));

    // UTF-16 and UTF-32 have one in each character of ASCII, and no mark tells so for sure.
    [TestCase(BodyForm.Text, "a\n4\01\01\01\0", "a\n✂")]
    [TestCase(BodyForm.Events, ": a\ndata: 4\01\0\n\n", ": a\ndata: ✂")]
    public void Characters_that_detectors_do_not_know_are_cut(BodyForm form, string body, string shown) =>
        Assert.That(Masked.Run(Both, form, [System.Text.Encoding.UTF8.GetBytes(body)]), Is.EqualTo(shown));

    [TestCase($"a {Card} b\nc {Card}", "a [redacted] b\nc [redacted]")]
    [TestCase("4111 1111\n1111 1111\n", "4111 1111\n1111 1111\n")]
    [TestCase("card=4111+1111+1111+1111&x=%204111%201111%201111%201111", "card=[redacted]&x=%20[redacted]")]
    [TestCase("", "")]
    [TestCase("\n\r\n\n", "\n\r\n\n")]
    public void Lines_are_looked_through(string body, string shown) => Assert.That(Masked.Of(Both, BodyForm.Text, body), Is.EqualTo(shown));

    [Test]
    public void A_private_key_is_hidden_line_by_line()
    {
        MaskPlan plan = Masked.Plan(Masked.Detectors(MaskStyle.Redact, MaskDetector.PrivateKey));

        Assert.That(Masked.Of(plan, BodyForm.Text, $"a: 1\nkey: {Key} # x\nb: 2\n"), Is.EqualTo("a: 1\nkey: [redacted]\n\n\n # x\nb: 2\n"));
    }

    [Test]
    public void What_lies_across_windows_of_a_long_line_is_found([Range(3560, 4110, 11)] int at)
    {
        string body = $"{new string('x', at)} {Card} {new string('y', 9000)} {Card} z";
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(body);
        string shown = body.Replace(Card, "[redacted]", StringComparison.Ordinal);

        Assert.That(Masked.Run(Both, BodyForm.Text, [bytes]), Is.EqualTo(shown));
        Assert.That(Masked.Run(Both, BodyForm.Text, bytes.Chunk(13)), Is.EqualTo(shown));
    }

    [Test]
    public void A_token_of_a_long_line_is_hidden_to_its_end([Values(10, 4000, 4090)] int at)
    {
        MaskPlan plan = Masked.Plan(Masked.Detectors(MaskStyle.Last4, MaskDetector.Jwt, MaskDetector.ApiKey));
        string body = $"{new string('x', at)} eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.{new string('k', 9000)} b\n{new string('k', 20)}";

        Assert.That(
            Masked.Run(plan, BodyForm.Text, System.Text.Encoding.UTF8.GetBytes(body).Chunk(100)),
            Is.EqualTo($"{new string('x', at)} [redacted] b\n{new string('k', 20)}"));
    }
}

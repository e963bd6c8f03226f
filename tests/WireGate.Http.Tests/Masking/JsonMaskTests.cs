using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Http.Masking;

namespace WireGate.Http.Tests.Masking;

/// <summary>JSON, of which members are hidden by their paths.</summary>
internal sealed class JsonMaskTests
{
    [TestCase("$..token", """{"token":"t","a":[{"token":1},{"b":{"token":true}}]}""", """{"token":"[redacted]","a":[{"token":null},{"b":{"token":null}}]}""")]
    [TestCase("$.token", """{"token":"t","a":{"token":"stays"}}""", """{"token":"[redacted]","a":{"token":"stays"}}""")]
    [TestCase("$.items[*].email", """{"items":[{"email":"a"},{"email":"b","id":2}],"email":"stays"}""", """{"items":[{"email":"[redacted]"},{"email":"[redacted]","id":2}],"email":"stays"}""")]
    [TestCase("$.items.*.email", """{"items":{"x":{"email":"a"}}}""", """{"items":{"x":{"email":"[redacted]"}}}""")]
    [TestCase("$['a b'].c", """{"a b":{"c":"x"},"a":{"c":"stays"}}""", """{"a b":{"c":"[redacted]"},"a":{"c":"stays"}}""")]
    [TestCase("$.a.b", """{"a":{"b":{"deep":["x"]},"c":1}}""", """{"a":{"b":null,"c":1}}""")]
    [TestCase("$..a.b", """{"a":{"a":{"b":"x"}},"b":"stays"}""", """{"a":{"a":{"b":"[redacted]"}},"b":"stays"}""")]
    [TestCase("$[*]", """["a",1,null,{"x":1},[]]""", """["[redacted]",null,null,null,null]""")]
    [TestCase("$..*", """{"a":[1]}""", """{"a":null}""")]
    [TestCase("$..x", """{"x":{"x":"inner"},"y":[[{"x":[1,{"x":2}]}]]}""", """{"x":null,"y":[[{"x":null}]]}""")]
    public void What_a_path_means_is_hidden_and_nothing_else(string path, string body, string shown) =>
        Assert.That(Masked.Json(Masked.Paths(MaskStyle.Redact, path), body), Is.EqualTo(shown));

    [TestCase("""{"tok\u0065n":"t"}""", """{"tok\u0065n":"[redacted]"}""")]
    [TestCase("""{"\u0074\u006f\u006b\u0065\u006e" : "t"}""", """{"\u0074\u006f\u006b\u0065\u006e" : "[redacted]"}""")]
    [TestCase("""{"token":"1","token":"2"}""", """{"token":"[redacted]","token":"[redacted]"}""")]
    [TestCase("""{"tokens":"t","toke":"t","Token":"t"}""", """{"tokens":"t","toke":"t","Token":"t"}""")]
    [TestCase("""{"token":"a \" b \\\" c"}""", """{"token":"[redacted]"}""")]
    public void Names_mean_what_their_escapes_stand_for(string body, string shown) =>
        Assert.That(Masked.Json(Masked.Paths(MaskStyle.Redact, "$..token"), body), Is.EqualTo(shown));

    [Test]
    public void Names_beyond_ASCII_are_found([Values("{\"\\ud83d\\ude00é\":1}", "{\"😀é\":1}", "{\"😀\\u00E9\":1}")] string body) =>
        Assert.That(Masked.Json(Masked.Paths(MaskStyle.Redact, "$['😀é']"), body), Does.EndWith(":null}"));

    [TestCase(MaskStyle.Redact, "secret-1234", "\"[redacted]\"")]
    [TestCase(MaskStyle.Null, "secret-1234", "null")]
    [TestCase(MaskStyle.Last4, "secret-1234", "\"****1234\"")]
    [TestCase(MaskStyle.Last4, "12345", "\"****45\"")]
    [TestCase(MaskStyle.Last4, "a", "\"****\"")]
    [TestCase(MaskStyle.Last4, "", "\"****\"")]
    [TestCase(MaskStyle.Last4, "abcdefgh\\u00e9\\\"\\n\\ud83d\\ude00", "\"****é\\\"\\u000a😀\"")]
    [TestCase(MaskStyle.Partial, "abcdef", "\"a***f\"")]
    [TestCase(MaskStyle.Partial, "abcde", "\"***\"")]
    [TestCase(MaskStyle.Partial, "éabcd\\u20ac", "\"é***€\"")]
    [TestCase(MaskStyle.Fixed, "x", "\"a \\\"fixed\\\" text\"")]
    public void Strings_are_shown_as_the_style_says(MaskStyle style, string value, string shown) =>
        Assert.That(Masked.Json(Masked.Paths(style, "$.v"), $$"""{"v":"{{value}}","n":1}"""), Is.EqualTo($$"""{"v":{{shown}},"n":1}"""));

    [Test]
    public void A_hash_is_that_of_the_text_and_not_of_how_it_is_written()
    {
        MaskConfig mask = Masked.Paths(MaskStyle.Hash, "$.v");
        string plain = Masked.Json(mask, """{"v":"token é"}""");
        byte[] hash = System.Security.Cryptography.HMACSHA256.HashData(Masked.Key, "token é"u8);

        Assert.That(plain, Is.EqualTo($$"""{"v":"{{Convert.ToHexStringLower(hash[..16])}}"}"""));
        Assert.That(Masked.Json(mask, """{"v":"tok\u0065n \u00e9"}"""), Is.EqualTo(plain));
        Assert.That(Masked.Json(mask, """{"v":"token e"}"""), Is.Not.EqualTo(plain));
    }

    [Test]
    public void Long_strings_keep_their_end([Values("", "\\n")] string escape)
    {
        string body = $$"""{"v":"{{new string('x', 10_000)}}{{escape}}{{new string('y', 10_000)}}1234"}""";

        Assert.That(Masked.Json(Masked.Paths(MaskStyle.Last4, "$.v"), body), Is.EqualTo("""{"v":"****1234"}"""));
    }

    [TestCase("1")]
    [TestCase("-0.5e+10")]
    [TestCase("true")]
    [TestCase("false")]
    [TestCase("null")]
    [TestCase("{}")]
    [TestCase("[]")]
    [TestCase("""{"a":["}",{"b":"]"}]}""")]
    public void What_is_no_string_is_null_whatever_the_style(string value)
    {
        foreach (MaskStyle style in Enum.GetValues<MaskStyle>())
        {
            Assert.That(Masked.Json(Masked.Paths(style, "$.v"), $$"""{"v":{{value}} , "n":1}"""), Is.EqualTo("""{"v":null , "n":1}"""));
        }
    }

    [Test]
    public void Of_several_masks_the_one_that_shows_least_counts()
    {
        MaskPlan plan = Masked.Plan(Masked.Paths(MaskStyle.Last4, "$..v"), Masked.Paths(MaskStyle.Redact, "$.a.v"));

        Assert.That(Masked.Of(plan, BodyForm.Json, """{"v":"12345678","a":{"v":"12345678"}}"""), Is.EqualTo("""{"v":"****5678","a":{"v":"[redacted]"}}"""));
    }

    [TestCase(" { \"a\" : [ 1 , 2.50 , -0 , 1E-2 , true , false , null , \"\\u00e9\\/\" ] } \r\n\t")]
    [TestCase("")]
    [TestCase("  ")]
    [TestCase("12")]
    [TestCase("\"x\"")]
    [TestCase("{\"a\":1}\n{\"a\":2}\n")]
    [TestCase("{\"a\":1}{\"b\":2}[]")]
    [TestCase("\u001e{\"a\":1}\n\u001e{\"a\":2}\n")]
    [TestCase("[[],[[]],{}]")]
    public void What_nothing_is_hidden_of_passes_byte_for_byte(string body) =>
        Assert.That(Masked.Json(Masked.Paths(MaskStyle.Redact, "$..token", "$.x[*].y"), body), Is.EqualTo(body));

    [TestCase("""{"a":1,"v":x,"v":"t"}""", """{"a":1,"v":null✂""")]
    [TestCase("""{"a":1,}""", """{"a":1,✂""")]
    [TestCase("""{"a" 1}""", """{"a" ✂""")]
    [TestCase("""{a:1}""", """{✂""")]
    [TestCase("""{'v':1}""", """{✂""")]
    [TestCase("[1,]", "[1,✂")]
    [TestCase("[1}", "[1✂")]
    [TestCase("{\"a\":1]", "{\"a\":1✂")]
    [TestCase("]", "✂")]
    [TestCase("[01]", "[0✂")]
    [TestCase("[1.]", "[1.✂")]
    [TestCase("[-]", "[-✂")]
    [TestCase("[+1]", "[✂")]
    [TestCase("[NaN]", "[✂")]
    [TestCase("[nul]", "[nul✂")]
    [TestCase("[\"a\nb\"]", "[\"a✂")]
    [TestCase("[\"\\x\"]", "[\"\\✂")]
    [TestCase("[\"\\u12g4\"]", "[\"\\u12✂")]
    [TestCase("// c\n{}", "✂")]
    [TestCase("\ufeff{}", "✂")]
    [TestCase("{\"a\":1", "{\"a\":1✂")]
    [TestCase("{\"v\":\"abc", "{\"v\":\"✂")]
    [TestCase("\"abc", "\"abc✂")]
    public void What_is_no_JSON_is_cut_where_it_begins(string body, string shown) =>
        Assert.That(Masked.Json(Masked.Paths(MaskStyle.Last4, "$.v"), body), Is.EqualTo(shown));

    [TestCase(new byte[] { 0xc0, 0xaf })]
    [TestCase(new byte[] { 0xed, 0xa0, 0x80 })]
    [TestCase(new byte[] { 0xe2, 0x82, (byte)'"' })]
    [TestCase(new byte[] { 0xff })]
    [TestCase(new byte[] { 0xf4, 0x90, 0x80, 0x80 })]
    public void What_is_no_UTF8_is_cut(byte[] bytes)
    {
        MaskPlan plan = Masked.Plan(Masked.Paths(MaskStyle.Redact, "$.token"));

        Assert.That(Masked.Run(plan, BodyForm.Json, [[.. "{\"tok"u8, .. bytes, .. "en\":\"the value\"}"u8]]), Does.Not.Contain("value").And.EndWith("✂"));
    }

    [Test]
    public void What_is_nested_too_deep_is_cut()
    {
        string At(int depth) => new string('[', depth) + new string(']', depth);
        MaskConfig mask = Masked.Paths(MaskStyle.Redact, "$..x");

        Assert.That(Masked.Json(mask, At(JsonMask.MostDepth)), Is.EqualTo(At(JsonMask.MostDepth)));
        Assert.That(Masked.Json(mask, At(JsonMask.MostDepth + 1)), Is.EqualTo(new string('[', JsonMask.MostDepth) + "✂"));
        Assert.That(Masked.Json(mask, "{\"x\":" + At(JsonMask.MostDepth)), Is.EqualTo("{\"x\":null✂"));
    }

    [Test]
    public void Many_paths_are_followed_at_once()
    {
        string[] paths = [.. Enumerable.Range(0, 60).Select(i => $"$.a{i}.b..c{i}")];
        string body = "{" + string.Join(',', Enumerable.Range(0, 60).Select(i => $"\"a{i}\":{{\"b\":{{\"c{i}\":\"x\",\"d\":{{\"c{i}\":\"y\",\"c{i + 1}\":\"stays\"}}}}}}")) + "}";

        string shown = Masked.Run(Masked.Plan(Masked.Paths(MaskStyle.Redact, paths)), BodyForm.Json, [System.Text.Encoding.UTF8.GetBytes(body)]);
        Assert.That(shown, Is.EqualTo(body.Replace("\"x\"", "\"[redacted]\"", StringComparison.Ordinal).Replace("\"y\"", "\"[redacted]\"", StringComparison.Ordinal)));
    }

    [Test]
    public void A_body_allocates_nothing_as_it_streams()
    {
        MaskPlan plan = Masked.Plan(Masked.Paths(MaskStyle.Last4, "$..token"), Masked.Paths(MaskStyle.Hash, "$..hash"), Masked.Detectors(MaskStyle.Redact, MaskDetector.CreditCard));
        BodyMask mask = plan.Begin(BodyForm.Json);
        byte[] piece = [.. "[{\"token\":\"abcdefghijkl\",\"hash\":\"x\",\"text\":\"card 4111 1111 1111 1111, and \\u00e9\",\"n\":[1,2,3]}]\n"u8];
        for (int i = 0; i < 100; i++)
        {
            mask.Take(piece);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            mask.Take(piece);
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
        plan.Return(mask);
    }
}

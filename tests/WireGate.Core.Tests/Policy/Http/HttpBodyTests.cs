using System.Collections.Immutable;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using static WireGate.Core.Tests.Policy.Http.HttpHouse;
using static WireGate.Core.Tests.Policy.RuleHouse;

namespace WireGate.Core.Tests.Policy.Http;

/// <summary>Rules see how long the body of a request is, and the members of its JSON that they name.</summary>
internal sealed class HttpBodyTests
{
    [TestCase("""{"kind":"refund"}""", true, true, TestName = "A_member_with_its_value_is_covered")]
    [TestCase("""{"a":1,"\u006bind":"re\u0066und","b":{"kind":"x"}}""", true, true, TestName = "An_escaped_name_and_value_are_what_they_mean")]
    [TestCase("""{"kind":"charge"}""", false, false, TestName = "A_member_of_another_value_is_nothing")]
    [TestCase("""{"other":"refund"}""", false, false, TestName = "A_member_that_is_not_there_is_nothing")]
    [TestCase("""{"kind":"refund","Kind":"refund"}""", false, true, TestName = "A_member_in_two_cases_is_not_covered_and_is_touched")]
    [TestCase("""{"KIND":"refund"}""", false, true, TestName = "A_member_in_another_case_is_not_covered_and_is_touched")]
    [TestCase("""{"kind":"refund","kind":"refund"}""", false, true, TestName = "A_member_twice_is_not_covered_and_is_touched")]
    [TestCase("""{"kind":"charge","\u006bind":"charge"}""", false, true, TestName = "A_member_twice_by_an_escape_is_touched_whatever_it_says")]
    [TestCase("""{"a":{"b":1,"b":2},"kind":"charge"}""", false, true, TestName = "Any_member_twice_makes_it_no_JSON")]
    [TestCase("""{"kind":["refund"]}""", false, true, TestName = "A_list_may_be_taken_for_what_is_in_it")]
    [TestCase("""{"kind":"refund",}""", false, true, TestName = "No_JSON_is_not_covered_and_is_touched")]
    [TestCase("""{"kind":"refund"} {}""", false, true, TestName = "Two_texts_are_no_JSON")]
    [TestCase("""{"kind":"\ud800"}""", false, true, TestName = "Half_a_character_is_no_JSON")]
    [TestCase("\uFEFF{\"kind\":\"refund\"}", false, true, TestName = "A_byte_order_mark_is_no_JSON")]
    [TestCase("""{"kind\u0000x":"refund"}""", false, true, TestName = "A_name_that_some_end_at_a_NUL_is_not_covered_and_is_touched")]
    [TestCase("""{"KIND\u0000":"refund"}""", false, true, TestName = "In_another_case_too")]
    [TestCase("""{"kind":"refund\u0000x"}""", false, true, TestName = "A_value_that_some_end_at_a_NUL_is_not_covered_and_is_touched")]
    [TestCase("""{"kind":"charge","kind\u0000":"x"}""", false, true, TestName = "Beside_the_other_it_is_touched_whatever_it_says")]
    [TestCase("kind=refund", false, true, TestName = "A_form_is_no_JSON")]
    [TestCase("", false, true, TestName = "An_empty_text_is_no_JSON")]
    public void Members(string body, bool covers, bool touches) => Assert.That(Verdicts(body, "/kind", "refund"), Is.EqualTo((covers, touches)));

    [TestCase("""{"n":100}""", "/n", "100", true, true)]
    [TestCase("""{"n":1e2}""", "/n", "100", false, true, TestName = "A_number_that_is_written_otherwise_is_not_covered_and_is_touched")]
    [TestCase("""{"n":100.0}""", "/n", "100", false, true)]
    [TestCase("""{"n":101}""", "/n", "100", false, false)]
    [TestCase("""{"n":true}""", "/n", "true", true, true)]
    [TestCase("""{"n":null}""", "/n", "null", true, true)]
    [TestCase("""{"n":"refund-1"}""", "/n", "refund-*", true, true)]
    [TestCase("""{"n":[{"a":"x"},{"a":"y"}]}""", "/n/1/a", "y", true, true)]
    [TestCase("""{"n":[{"a":"x"}]}""", "/n/01/a", "x", false, true)]
    [TestCase("""{"n":[{"a":"x"}]}""", "/n/a", "x", false, true, TestName = "A_list_on_the_way_may_be_taken_for_what_is_in_it")]
    [TestCase("""[{"a":"x"}]""", "/a", "x", false, true, TestName = "A_list_around_it_may_be_taken_for_what_is_in_it")]
    [TestCase("""{"n":{"a":"x"},"N":{}}""", "/n/a", "x", false, true, TestName = "A_way_in_two_cases_is_not_covered_and_is_touched")]
    [TestCase("""{"n":{"a":"y"},"N":5}""", "/n/a", "x", false, true, TestName = "A_way_in_two_cases_is_touched_whatever_it_says")]
    [TestCase("""{"\u212aind":"x"}""", "/kind", "x", false, true, TestName = "A_letter_that_Unicode_folds_is_the_one_that_it_is_folded_to")]
    [TestCase("""{"kind":"y","\u212aind":"x"}""", "/kind", "y", false, true, TestName = "A_member_beside_its_like_in_Unicode_is_not_covered")]
    [TestCase("""{"u\u017fer":"x"}""", "/user", "x", false, true, TestName = "A_long_s_is_an_s")]
    [TestCase("""{"\u0131d":"x"}""", "/id", "x", false, true, TestName = "A_dotless_i_is_an_i")]
    [TestCase("""{"\u00fcber":"x"}""", "/uber", "x", false, false, TestName = "Another_letter_is_another")]
    [TestCase("""{"n":{"a/b":{"~":"x"}}}""", "/n/a~1b/~0", "x", true, true)]
    [TestCase("""{"":"x"}""", "/", "x", true, true)]
    public void Values(string body, string pointer, string value, bool covers, bool touches) =>
        Assert.That(Verdicts(body, pointer, value), Is.EqualTo((covers, touches)));

    [Test]
    public void All_that_a_match_names_must_be_there()
    {
        MatchConfig match = Body(("/a", ["1", "2"]), ("/b", ["x"]));

        Assert.That(Verdicts(Of("""{"a":"2","b":"x"}""", match), match), Is.EqualTo((true, true)));
        Assert.That(Verdicts(Of("""{"a":"3","b":"x"}""", match), match), Is.EqualTo((false, false)));
        Assert.That(Verdicts(Of("""{"a":"2"}""", match), match), Is.EqualTo((false, false)));
    }

    [Test]
    public void What_is_no_UTF_8_is_not_covered_and_is_touched()
    {
        HttpBody body = HttpBody.OfJson(Encoding.Latin1.GetBytes("{\"a\":\"\u00e4\"}"), [Pointer("/a")]);

        Assert.That(Verdicts(Request("POST", "/") with { Body = body }, Body(("/a", ["*"]))), Is.EqualTo((false, true)));
    }

    [Test]
    public void A_body_that_nobody_looked_at_is_not_covered_and_is_touched_and_none_is_nothing()
    {
        MatchConfig match = Body(("/a", ["*"]));

        Assert.That(Verdicts(Request("POST", "/"), match), Is.EqualTo((false, true)));
        Assert.That(Verdicts(Request("POST", "/") with { Body = HttpBody.Unread(5) }, match), Is.EqualTo((false, true)));
        Assert.That(Verdicts(Request("POST", "/") with { Body = HttpBody.None }, match), Is.EqualTo((false, false)));
    }

    [TestCase(10, true, false)]
    [TestCase(11, false, true)]
    [TestCase(long.MaxValue, false, true, TestName = "A_length_that_nobody_knows_is_the_longest")]
    public void Lengths(long most, bool covers, bool touches)
    {
        HttpOperation request = Request("POST", "/") with { Body = HttpBody.Unread(most) };

        Assert.That(Judge(request, Allow(Size(10, null))).Verdict == Verdict.Allow, Is.EqualTo(covers));
        Assert.That(Judge(request, Allow(Everything), Deny(Size(null, 10))).Verdict == Verdict.Deny, Is.EqualTo(touches));
    }

    [Test]
    public void Whether_a_body_is_asked_for_hangs_on_the_head()
    {
        SessionRules rules = RuleBook.Compile(Config(
            Allow(Match("POST", "/v1/**"), "all"),
            Deny(Body(("/kind", ["refund"])) with { Http = Body(("/kind", ["refund"])).Http! with { Paths = Match(paths: "/v1/charges").Http!.Paths } }, "refunds"))).For(Alice);

        Assert.That(rules.HttpBodyPointers.Select(p => p.Text), Is.EqualTo(new[] { "/kind" }));
        Assert.That(rules.AsksForBody(Request("POST", "/v1/charges")), Is.True);
        Assert.That(rules.AsksForBody(Request("POST", "/v1/other")), Is.False);
        Assert.That(rules.JudgeHead(Request("POST", "/v1/charges"), Now).Verdict, Is.EqualTo(Verdict.Allow), "the body may still please it");
        Assert.That(rules.JudgeHead(Request("GET", "/v1/charges"), Now).Verdict, Is.EqualTo(Verdict.Deny), "whatever its body has");
    }

    [Test]
    public void A_body_is_gone_through_once_however_many_members_are_asked_for()
    {
        byte[] body = Encoding.UTF8.GetBytes($"{{{string.Join(',', Enumerable.Range(0, 3000).Select(i => $"\"member{i}\":{i}"))}}}");
        JsonPointers one = [Pointer("/member1")], many = [.. Enumerable.Range(0, 200).Select(i => Pointer($"/member{10 * i}"))];

        long Allocated(JsonPointers pointers)
        {
            HttpBody.OfJson(body, pointers);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Assert.That(HttpBody.OfJson(body, pointers).Fields, Has.Length.EqualTo(pointers.Count()));
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        // Each name that is read is a text of its own.
        Assert.That(Allocated(many), Is.LessThan(2 * Allocated(one)));
    }

    [Test]
    public void Members_of_one_array_are_found_in_one_pass()
    {
        MatchConfig match = Body(("/n/0/a", ["x"]), ("/n/2", ["y"]), ("/n/7", ["z"]));

        HttpOperation request = Of("""{"n":[{"a":"x"},[],"y"]}""", match);

        Assert.That(request.Body.Fields.Select(f => (f.Pointer.Text, f.Value)), Is.EqualTo(new[] { ("/n/0/a", "x"), ("/n/2", "y") }));
    }

    [Test]
    public void Members_whose_names_begin_alike_are_told_apart()
    {
        JsonPointers pointers = [Pointer("/a"), Pointer("/a/b"), Pointer("/A/b"), Pointer("/a/c")];

        var body = HttpBody.OfJson("""{"a":{"b":1},"A":{"c":2}}"""u8.ToArray(), pointers);

        Assert.That(body.Fields.Select(f => (f.Pointer.Text, f.Value, f.IsExact)), Is.EquivalentTo(new[]
        {
            ("/a", null, true), ("/a", (string?)null, false),
            ("/a/b", "1", true), ("/a/b", null, false),
            ("/A/b", "1", false), ("/A/b", null, false),
            ("/a/c", "2", false), ("/a/c", null, false),
        }));
    }

    [TestCase(8, true)]
    [TestCase(9, false)]
    public void A_member_in_many_ways_of_writing_it_makes_a_body_that_nobody_reads(int ways, bool isRead)
    {
        string body = $"{{{string.Join(',', Enumerable.Range(0, ways).Select(i => $"\"kind\\u0000{i}\":{{}}"))}}}";

        Assert.That(HttpBody.OfJson(Encoding.UTF8.GetBytes(body), [Pointer("/kind/a")]).Problem is null, Is.EqualTo(isRead));
        Assert.That(Verdicts(body, "/kind/a", "x"), Is.EqualTo((false, true)));
    }

    [TestCase("")]
    [TestCase("a")]
    [TestCase("/a~")]
    [TestCase("/a~2")]
    public void Refuses_a_pointer_that_is_none(string text) => Assert.That(JsonPointer.TryParse(text, out _), Is.False);

    [TestCase("""{"kind":"charge"}""", ExpectedResult = "rule allow would allow it but for: body (/kind)")]
    [TestCase("""{"kind":"refund","note":"much too long"}""", ExpectedResult = "rule allow would allow it but for: bodySize (40 bytes)")]
    [TestCase("no JSON", ExpectedResult = "rule allow would allow it but for: body (it is no JSON, or has a member twice)")]
    public string? What_keeps_a_body_from_being_allowed_is_told(string body)
    {
        MatchConfig match = Body(("/kind", ["refund"]));
        match = match with { Http = match.Http! with { BodySize = new HttpBodySizeConfig(20, null) } };
        return Judge(Request("POST", "/") with { Body = HttpBody.OfJson(Encoding.UTF8.GetBytes(body), [Pointer("/kind")]) }, Allow(match)).Near;
    }

    private static (bool Covers, bool Touches) Verdicts(string body, string pointer, string value)
    {
        MatchConfig match = Body((pointer, [value]));
        return Verdicts(Of(body, match), match);
    }

    private static (bool Covers, bool Touches) Verdicts(HttpOperation request, MatchConfig match) =>
        (Judge(request, Allow(match)).Verdict == Verdict.Allow, Judge(request, Allow(Everything), Deny(match)).Verdict == Verdict.Deny);

    private static HttpOperation Of(string body, MatchConfig match) =>
        Request("POST", "/") with { Body = HttpBody.OfJson(Encoding.UTF8.GetBytes(body), [.. match.Http!.Body.Select(b => b.Key)]) };

    private static MatchConfig Body(params (string Pointer, string[] Values)[] members) => new()
    {
        Http = new HttpMatchConfig
        {
            Body = [.. members.Select(m => KeyValuePair.Create(Pointer(m.Pointer), m.Values.Select(v => new NamePattern(v)).ToImmutableArray()))],
        },
    };

    private static MatchConfig Size(long? max, long? over) => new() { Http = new HttpMatchConfig { BodySize = new HttpBodySizeConfig(max, over) } };

    private static JsonPointer Pointer(string text) => JsonPointer.TryParse(text, out JsonPointer? pointer) ? pointer : throw new ArgumentException(text);
}

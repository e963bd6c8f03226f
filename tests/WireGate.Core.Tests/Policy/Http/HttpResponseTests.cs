using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using static WireGate.Core.Tests.Policy.Http.HttpHouse;
using static WireGate.Core.Tests.Policy.RuleHouse;

namespace WireGate.Core.Tests.Policy.Http;

/// <summary>Rules see what a request was answered, once it is.</summary>
internal sealed class HttpResponseTests
{
    private static readonly MatchConfig Match = Answered("5xx", "application/json");

    [Test]
    public void Before_it_is_answered_an_allow_lets_it_be_made_and_a_deny_waits()
    {
        Assert.That(Judge(Get("/a"), Allow(Match)).Verdict, Is.EqualTo(Verdict.Allow));
        Assert.That(Judge(Get("/a"), Allow(Everything), Deny(Match)).Verdict, Is.EqualTo(Verdict.Allow));
    }

    [TestCase(500, "application/json", true, true, true)]
    [TestCase(599, "application/json", true, true, true)]
    [TestCase(200, "application/json", true, false, false)]
    [TestCase(500, "text/html", true, false, false)]
    [TestCase(500, null, true, false, true, TestName = "A_body_without_a_type_is_not_covered_and_is_touched")]
    [TestCase(500, null, false, true, false, TestName = "Without_a_body_there_is_no_type_to_mind")]
    public void Then_it_is_judged(int status, string? type, bool hasBody, bool covers, bool touches)
    {
        HttpOperation request = Get("/a") with { Response = new HttpResponse(status, type, hasBody) };

        Assert.That(Judge(request, Allow(Match)).Verdict == Verdict.Allow, Is.EqualTo(covers));
        Assert.That(Judge(request, Allow(Everything), Deny(Match)).Verdict == Verdict.Deny, Is.EqualTo(touches));
    }

    [Test]
    public void Two_types_are_not_covered_and_are_touched()
    {
        HttpOperation request = Get("/a") with { Response = new HttpResponse(500, "text/plain", true) { IsAmbiguous = true } };

        Assert.That(Judge(request, Allow(Match)).Verdict, Is.EqualTo(Verdict.Deny));
        Assert.That(Judge(request, Allow(Everything), Deny(Match)).Verdict, Is.EqualTo(Verdict.Deny));
    }

    [TestCase("200", true)]
    [TestCase("2xx", true)]
    [TestCase("2x0", false)]
    [TestCase("6xx", false)]
    [TestCase("099", false)]
    [TestCase("600", false)]
    [TestCase("0x10", false)]
    [TestCase("", false)]
    public void Statuses(string text, bool isOne)
    {
        Assert.That(StatusPattern.TryParse(text, out StatusPattern pattern), Is.EqualTo(isOne));
        Assert.That(isOne ? pattern.ToString() : text, Is.EqualTo(text));
    }

    private static MatchConfig Answered(string status, string type) => new()
    {
        Http = new HttpMatchConfig
        {
            Response = new HttpResponseMatchConfig
            {
                Statuses = [StatusPattern.TryParse(status, out StatusPattern pattern) ? pattern : throw new ArgumentException(status)],
                ContentTypes = [new NamePattern(type)],
            },
        },
    };
}

using System.Net;
using System.Net.Sockets;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.External;
using WireGate.Core.Policy.Facts;

namespace WireGate.Core.Tests.Policy;

/// <summary>A decision point elsewhere can only make a decision stricter, and is not believed beyond its form.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class DecisionPointTests : IDisposable
{
    private static readonly Decision Allowed = new() { Verdict = Verdict.Allow, Rule = "reads", Config = "v1" };
    private static readonly SqlOperation Operation = new(new SqlFacts([]), RuleHouse.Public);

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly DecisionPoint _point = new();

    public DecisionPointTests() => _listener.Start();

    private Uri Address => new($"http://{_listener.LocalEndpoint}/v1/data/wiregate/decision");

    public void Dispose()
    {
        _point.Dispose();
        _listener.Dispose();
    }

    [TestCase("""{"result":{"decision":"allow"}}""", Verdict.Allow, null)]
    [TestCase("""{"result":{"decision":"deny","reason":"not today"}}""", Verdict.Deny, "not today")]
    [TestCase("""{"result":{"decision":"deny"}}""", Verdict.Deny, "denies it")]
    [TestCase("""{"result":{"decision":"hold","approvers":{"groups":["dba"]}}}""", Verdict.Hold, null)]
    [TestCase("""{"result":{"decision":"hold"}}""", Verdict.Deny, "names nobody who could approve")]
    [TestCase("""{"result":{"decision":"hold","approvers":{"groups":["dba"],"count":1.5}}}""", Verdict.Deny, "names nobody who could approve")]
    [TestCase("""{"result":{"decision":"hold","approvers":{"groups":["dba"],"count":"1"}}}""", Verdict.Deny, "names nobody who could approve")]
    [TestCase("""{"result":{"decision":"deny","decision":"allow"}}""", Verdict.Deny, "no answer that can be understood")]
    [TestCase("""{"result":{"decision":"alow"}}""", Verdict.Deny, "no answer that can be understood")]
    [TestCase("""{"result":{"decision":7}}""", Verdict.Deny, "no answer that can be understood")]
    [TestCase("""{"result":true}""", Verdict.Deny, "without \"decision\"")]
    [TestCase("{}", Verdict.Deny, "not there or undefined")]
    [TestCase("[]", Verdict.Deny, "not there or undefined")]
    [TestCase("<html>", Verdict.Deny, "no answer that can be understood")]
    public async Task Takes_an_answer_of_its_form_and_no_other(string answer, Verdict verdict, string? reason)
    {
        Decision decision = await AskAsync(Response(answer), Allowed);

        Assert.That(decision.Verdict, Is.EqualTo(verdict));
        Assert.That(decision.Reason ?? "", reason is null ? Is.Empty : Does.Contain(reason));
        Assert.That(decision.Rule, Is.EqualTo(verdict == Verdict.Allow ? "reads" : DecisionPoint.RuleName));
    }

    [Test]
    public async Task Its_yes_does_not_lift_a_hold()
    {
        Decision held = Allowed with { Verdict = Verdict.Hold, Hold = new HoldTerms([RuleHouse.TwoDbas], TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1)) };

        Assert.That((await AskAsync(Response("""{"result":{"decision":"allow"}}"""), held)).Verdict, Is.EqualTo(Verdict.Hold));
    }

    [Test]
    public async Task A_reason_is_one_short_line()
    {
        string reason = string.Concat(Enumerable.Repeat("a\\n\\u001b[31m", 2000));

        Decision decision = await AskAsync(Response($$$"""{"result":{"decision":"deny","reason":"{{{reason}}}"}}"""), Allowed);

        Assert.That(decision.Reason, Has.Length.LessThanOrEqualTo(501).And.Not.Contain("\n").And.Not.Contain("\u001b"));
    }

    [TestCase("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "answered 500")]
    [TestCase("HTTP/1.1 302 Found\r\nLocation: /else\r\nContent-Length: 0\r\n\r\n", "answered 302")]
    [TestCase("nothing of the kind\r\n\r\n", "no answer that can be understood")]
    public async Task What_is_no_success_denies(string response, string reason)
    {
        Decision decision = await AskAsync(response, Allowed);

        Assert.That((decision.Verdict, decision.Rule), Is.EqualTo((Verdict.Deny, DecisionPoint.RuleName)));
        Assert.That(decision.Reason, Does.Contain(reason));
    }

    [Test]
    public async Task Without_an_answer_in_time_nothing_passes()
    {
        Decision decision = await _point.AskAsync(new ExternalRulesConfig(Address, TimeSpan.FromMilliseconds(50)), RuleHouse.Alice, Operation, Allowed, RuleHouse.Now);

        Assert.That((decision.Verdict, decision.Reason), Is.EqualTo((Verdict.Deny, "the external decision point did not answer in time")));
    }

    [Test]
    public async Task A_point_that_is_down_is_said_to_be_down()
    {
        Uri address = Address;
        _listener.Stop();

        Decision decision = await _point.AskAsync(new ExternalRulesConfig(address, TimeSpan.FromSeconds(30)), RuleHouse.Alice, Operation, Allowed, RuleHouse.Now);

        Assert.That((decision.Verdict, decision.Reason), Is.EqualTo((Verdict.Deny, "the external decision point cannot be reached")));
    }

    private static string Response(string body) => $"HTTP/1.1 200 OK\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}";

    private async Task<Decision> AskAsync(string response, Decision own)
    {
        Task<Decision> asked = _point.AskAsync(new ExternalRulesConfig(Address, TimeSpan.FromSeconds(30)), RuleHouse.Alice, Operation, own, RuleHouse.Now);
        using Socket peer = await _listener.AcceptSocketAsync();
        byte[] question = new byte[64 * 1024];
        int length = 0;
        while (!Encoding.UTF8.GetString(question, 0, length).EndsWith("}}", StringComparison.Ordinal))
        {
            length += await peer.ReceiveAsync(question.AsMemory(length));
        }

        Assert.That(Encoding.UTF8.GetString(question, 0, length), Does.StartWith("POST /v1/data/wiregate/decision ").And.Contain("\"subject\":\"alice\""));
        await peer.SendAsync(Encoding.UTF8.GetBytes(response));
        return await asked;
    }
}

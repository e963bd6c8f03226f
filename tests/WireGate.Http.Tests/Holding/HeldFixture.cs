using System.Collections.Frozen;
using System.Collections.Immutable;
using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;
using WireGate.Http.Tests.Sessions;
using WireGate.Testing.Time;

namespace WireGate.Http.Tests.Holding;

/// <summary>A gateway at which what is below <c>/held</c> waits for people, and Ann, who may say yes.</summary>
internal abstract class HeldFixture(TransportKind kind) : HttpFixture(kind)
{
    protected static readonly Approver Ann = new(new Identity { Issuer = Identity.UnixIssuer, Subject = "ann", Groups = ["sre"] }, 1002);

    protected static HoldTerms Terms { get; } = new([new ApproverTerms(null, ["sre"], 1)], TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(10));

    /// <summary>What a rule or a grant holds otherwise than this.</summary>
    protected override GatewayConfig Change(GatewayConfig config) => WithRule(config, Verdict.Hold);

    protected static GatewayConfig WithRule(GatewayConfig config, Verdict verdict, HoldTerms? terms = null) => config with
    {
        Version = $"{config.Version}-{verdict}",
        Rules = config.Rules with
        {
            List =
            [
                .. config.Rules.List.Where(r => r.Name != "careful"),
                new RuleConfig
                {
                    Name = "careful",
                    Match = new MatchConfig { Http = new HttpMatchConfig { Paths = [PathPattern.TryParse("/held/**", out PathPattern? held) ? held : throw new InvalidOperationException()] } },
                    Do = verdict,
                    Hold = verdict == Verdict.Hold ? terms ?? Terms : null,
                },
            ],
        },
    };

    protected static GatewayConfig WithTargets(GatewayConfig config, Func<TargetConfig, TargetConfig> change) => config with
    {
        Version = $"{config.Version}-changed",
        Targets = config.Targets.Values.Select(change).ToFrozenDictionary(t => t.Name),
    };

    /// <summary>The approval that the last who asked waits for.</summary>
    /// <param name="count">How many were asked for by then.</param>
    protected async Task<string> AskedAsync(int count = 1)
    {
        await Until.TrueAsync(() => Store.All.Length == count, "somebody to be asked");
        return Store.All[^1].Id;
    }

    protected Approval Of(string id) => Store.All.Single(a => a.Id == id);

    protected async Task ApproveAsync(string id) =>
        Assert.That((await Approvals.ApproveAsync(Ann, id, null, CancellationToken.None)).Outcome, Is.EqualTo(VoteOutcome.Approved));

    protected Task StateAsync(string id, ApprovalState state) => Until.TrueAsync(() => Of(id).State == state, $"the approval to be {state}");

    /// <summary>The client's time in place is over, and it is told to come back.</summary>
    protected async Task<string> LetComeBackAsync(RawPeer client, int step = 5)
    {
        Task<string> answer = client.ReadUntilAsync("}\n");
        await PassAsync(answer, step);
        return await answer;
    }

    /// <summary>Time goes by, whenever the wait for it begins.</summary>
    private async Task PassAsync(Task until, int step)
    {
        // Slowly enough that what waits for people does not expire before somebody has heard that it waits.
        int looks = 0;
        await Until.TrueAsync(
            () =>
            {
                Time.Advance(++looks % 20 == 0 ? TimeSpan.FromSeconds(step) : TimeSpan.Zero);
                return until.IsCompleted;
            },
            "it to be over");
        await until;
    }

    /// <summary>An upstream gets a request, and answers it.</summary>
    /// <returns>What it got.</returns>
    protected async Task<string> ServeAsync(int body = 0, string status = "200 OK")
    {
        RawPeer upstream = await AcceptAsync();
        string got = await upstream.HeadAsync() + await upstream.ReadAsync(body);
        await upstream.SendAsync($"HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nok");
        return got;
    }

    protected string Post(string body = "a=1", string fields = "", string path = "/held/x") =>
        Request($"POST {path}", $"{fields}Content-Length: {body.Length}\r\n", body);

    protected static string For(string approval) => $"WireGate-Approval: {approval}\r\n";

    protected string Mint(string subject) => Placeholders.Mint(p => p with
    {
        Targets = ["api", "other"],
        Identity = p.Identity with { Subject = subject },
        MintedBy = p.Identity with { Subject = subject },
    }).Token;

    protected ImmutableArray<string?> Verdicts(string id) =>
        [.. Audit.Operations.Where(o => o.TryGetProperty("approval", out var a) && a.GetString() == id).Select(o => o.GetProperty("verdict").GetString())];
}

using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.External;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Recording;
using WireGate.Core.Sessions;
using WireGate.Ssh.Authentication;
using WireGate.Ssh.Sftp;

namespace WireGate.Ssh.Operations;

/// <summary>What becomes of something that a client asks for.</summary>
/// <param name="IsAllowed">It may be passed on, and is on disk.</param>
/// <param name="Refusal">What the client is told if it may not; null: it may, or that is not decided yet.</param>
internal readonly record struct Judgement(bool IsAllowed, string? Refusal)
{
    /// <summary>It waits for people: why, and for whom. Null: it does not.</summary>
    public Decision? Held { get; init; }

    /// <summary>What is hidden of what the upstream answers.</summary>
    public MaskSet Masks
    {
        get => field ?? MaskSet.None;
        init;
    }

    /// <summary>The approval that this is the one use of; null: it needs none.</summary>
    public string? Approval { get; init; }
}

/// <summary>Judges what a session asks for, by the config in force at that moment, and writes it down before it is passed on. On the session's loop.</summary>
internal sealed partial class OperationJudge
{
    private readonly Session _session;
    private readonly SshServices _services;
    private readonly OperationDecider _decider;
    private readonly OperationLog _log;
    private readonly CertificateTerms? _terms;

    public OperationJudge(Session session, SshServices services, DecisionPoint point, CertificateTerms? terms = null)
    {
        (_session, _services, _terms) = (session, services, terms);
        _log = new OperationLog(session, services.Audit);
        _decider = new OperationDecider(session, point, services.Time);
    }

    /// <summary>Whether a session may have a terminal: a certificate has to permit it.</summary>
    public bool PermitsPty => _terms?.PermitsPty ?? true;

    /// <summary>Whether a client may set a variable for what it runs.</summary>
    public bool PermitsVariable(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        _decider.Refresh();
        return EnvironmentNames.Passes(
            name, value, _session.Config.Targets.TryGetValue(_session.Access!.Target.Name, out TargetConfig? target) ? target.Environment : []);
    }

    /// <summary>A request that is not known here, if any rule names it: of the others no rule is asked.</summary>
    public SshRequest? NamedRequest(string name, bool isGlobal)
    {
        if (!SshRequest.IsName(name))
        {
            return null;
        }

        _decider.Refresh();
        var request = new SshRequest(name, isGlobal);
        return _decider.Rules.Names(request) ? request : null;
    }

    /// <summary>Judges.</summary>
    /// <param name="operation">What is asked for.</param>
    /// <param name="cannotWait">Why people cannot be asked about it; null: they can.</param>
    /// <param name="environment">What the client has set for it: <c>NAME=value</c> each; null: nothing.</param>
    /// <exception cref="AuditFailedException">It could not be written down.</exception>
    public async ValueTask<Judgement> JudgeAsync(SshOperation operation, string? cannotWait, IReadOnlyList<string>? environment = null)
    {
        Decision decision = await DecideAsync(operation, isRun: true);
        switch (decision.Verdict)
        {
            case Verdict.Allow:
                await _services.Audit.WhenDurableAsync(_log.Allowed(operation, decision, environment ?? []), _session.Loop);
                return new Judgement(_session.End == SessionEnd.None, null) { Masks = decision.Masks };
            case Verdict.Hold when cannotWait is null:
                _log.Held(operation, decision);
                return new Judgement(false, null) { Held = decision };
            case Verdict.Hold:
                return Refuse(operation, decision, $"it needs an approval, and {cannotWait}");
            default:
                return Refuse(operation, decision, decision.Reason);
        }
    }

    private async ValueTask<Decision> DecideAsync(SshOperation operation, bool isRun)
    {
        if (_terms?.RefusalOf(operation) is { } forbidden)
        {
            return new Decision { Reason = forbidden, Config = _decider.Version };
        }

        (_, Decision decision) = await _decider.DecideAsync(_ => operation, isRun);
        return decision;
    }

    /// <summary>What keeps an operation that was allowed, and is about to begin; null: nothing does.</summary>
    /// <exception cref="AuditFailedException">It has to be kept, and cannot be.</exception>
    public IRecording? Record(SshOperation operation, TerminalSize? terminal) => _services.Recorder?.Begin(_session, operation, terminal);

    /// <summary>Refuses what no rule is asked about.</summary>
    /// <param name="operation">What is known of it.</param>
    /// <param name="reason">Why.</param>
    /// <exception cref="AuditFailedException">It could not be written down.</exception>
    public Judgement Refuse(SshOperation operation, string reason)
    {
        var decision = new Decision { Reason = reason, Config = _decider.Version };
        return Refuse(operation, decision, reason);
    }

    /// <summary>Writes down how much of a file was copied, if any was.</summary>
    /// <exception cref="AuditFailedException">It could not be written down.</exception>
    public void Closed(SftpFile file)
    {
        if (file.Read > 0 || file.Written > 0)
        {
            _log.Transferred(file.Path, file.Read, file.Written);
        }
    }

    private Judgement Refuse(SshOperation operation, Decision decision, string? reason)
    {
        decision = decision with { Verdict = Verdict.Deny, Reason = reason };
        string reference = Reference.New();
        _log.Denied(operation, decision, reference);
        return new Judgement(false, $"{Words(decision)} (ref {reference})");
    }

    private static string Words(in Decision decision) => (decision.Rule, decision.Reason) switch
    {
        ({ } rule, { } reason) => $"denied by rule \"{rule}\": {reason}",
        ({ } rule, null) => $"denied by rule \"{rule}\"",
        (null, { } reason) => $"denied: {reason}",
        _ => "denied",
    };
}

using System.Security.Cryptography;
using System.Text;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Sessions;
using WireGate.Http.Credentials;
using WireGate.Http.Http1;
using WireGate.Http.Operations;
using WireGate.Http.Routing;

namespace WireGate.Http.Relaying;

/// <content>Who asks, and for what.</content>
internal sealed partial class Exchange
{
    private const string Needed = "a placeholder is needed, where the credential of what is asked for goes: as a bearer token, as the password of Basic, "
        + "or in the field, the query parameter or the cookie of that name";

    private int _prefix;
    private PlaceholderSlot _slot;
    private bool _isMisdirected;
    private Access? _access;
    private Func<SessionRules, Operation>? _describe;

    /// <summary>
    /// What the request reaches, and as whom. Its own: another request of the session may have taken over what a newer config says, and what was judged by
    /// one is never made by another.
    /// </summary>
    private Access Access => _access!;

    /// <summary>Proves the placeholder of a request, and that what it asks for is granted.</summary>
    /// <returns>Why not; null: it is.</returns>
    private async ValueTask<Refusal?> AuthorizeAsync()
    {
        Refusal? refusal = Prove(out _slot, out Placeholder? placeholder);
        if (refusal is not null)
        {
            return refusal;
        }

        if (await of.WhenBegunAsync(client) is { } notBegun)
        {
            return notBegun;
        }

        if (Session.End != SessionEnd.None)
        {
            // Another on its connection ended it: its client may ask again elsewhere.
            return null;
        }

        if (Session.Caller is not null)
        {
            // What is where hangs on the config in force.
            of.Decider.Refresh();
        }

        bool isAnother = Session.Caller is not null
            && (placeholder!.Id != Session.Placeholder!.Id || TargetOf(Session.Config)?.Name != Session.Access!.Target.Name);
        _isMisdirected = isAnother && of.IsShared;
        if (_isMisdirected)
        {
            const string Why = "this connection is for another placeholder or target: open another";
            return new Refusal(SessionEnd.FeatureRefused, Why, Why);
        }

        if (isAnother && of.Succeed() is { } full)
        {
            return full;
        }

        return Session.Caller is null ? await BeginAsync(placeholder!) : await GoOnAsync(placeholder!);
    }

    // The first request of a session.
    private async ValueTask<Refusal?> BeginAsync(Placeholder placeholder)
    {
        of.Begin();
        Refusal? refusal = new(SessionEnd.AuditFailed, "the session could not begin", "the session could not begin");
        try
        {
            refusal = await LetInAsync(placeholder);
        }
        finally
        {
            of.Begun(refusal);
        }

        return refusal;
    }

    private async ValueTask<Refusal?> LetInAsync(Placeholder placeholder)
    {
        Session.Caller = Caller.Of(placeholder);
        Session.Method = _slot.Kind switch { SlotKind.Bearer => "bearer", SlotKind.Basic => "basic", SlotKind.Query => "query", SlotKind.Signature => "signature", SlotKind.Body => "body", SlotKind.Cookie => "cookie", _ => "header" };
        Refusal? refusal = await of.Authorization.AuthorizeAsync(Session, Session.Caller, Choose) ?? CheckSurface(_slot) ?? Impersonate()
            ?? await HoldSessionAsync();
        if (refusal is null)
        {
            AuditPosition written = Process.Audit.Append(Session.Event(AuditEventKind.SessionAuthenticated) with { Approval = of.Approval });
            await Process.Audit.WhenDurableAsync(written, Session.Loop);
            Session.HandshakeDone();
            if (Session.Lifetime is { } lifetime)
            {
                Session.SetDeadline(lifetime, SessionEnd.Expired);
            }
        }

        return refusal;
    }

    private ValueTask<Refusal?> GoOnAsync(Placeholder placeholder)
    {
        _access = Session.Access;
        Refusal? refusal = IsRenewed ? CheckSurface(_slot) ?? Impersonate() : Renew();
        return refusal is null && placeholder.UsesLeft is not null ? TakeUseAsync(placeholder) : new ValueTask<Refusal?>(refusal);
    }

    private async ValueTask<Refusal?> TakeUseAsync(Placeholder placeholder)
    {
        try
        {
            bool isTaken = await Process.Placeholders.TryTakeUseAsync(placeholder, CancellationToken.None);
            await Session.Loop.Switch();
            return isTaken ? null : of.Authorization.NotProven(Session, PlaceholderVerdict.UsedUp, placeholder.Id);
        }
        catch (StoreUnavailableException e)
        {
            await Session.Loop.Switch();
            return new Refusal(SessionEnd.AuditFailed, "the gateway's store is not available", e.Message);
        }
    }

    private Refusal? Prove(out PlaceholderSlot slot, out Placeholder? placeholder)
    {
        placeholder = null;
        Span<byte> token = stackalloc byte[PlaceholderToken.Length];
        try
        {
            slot = PlaceholderSlot.Find(Head, token, out string? problem);
            if (problem is not null)
            {
                return new Refusal(SessionEnd.ClientBrokeProtocol, problem, problem);
            }

            if (_field is not null && !TryTakeField(ref slot, token))
            {
                const string Problem = "a placeholder in the head and in the body";
                return new Refusal(SessionEnd.ClientBrokeProtocol, Problem, Problem);
            }

            if (slot.Kind == SlotKind.None)
            {
                Process.Admission.PenalizeSilence(Session.SourceAddress, Session.Config.Limits);
                return new Refusal(SessionEnd.AuthenticationFailed, Needed, NotThere());
            }

            PlaceholderVerdict verdict = of.Proven.TryProve(token, out placeholder)
                ? PlaceholderChecks.Judge(placeholder, Process.Time.GetUtcNow(), Session.SourceAddress) : PlaceholderVerdict.Unknown;
            return verdict == PlaceholderVerdict.Ok ? null : of.Authorization.NotProven(Session, verdict, placeholder?.Id);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(token);
        }
    }

    private Refusal? Choose()
    {
        (Session.Access, _access) = (null, null);
        GatewayConfig config = Session.Config;
        if (TargetOf(config) is not { } target)
        {
            return new Refusal(SessionEnd.UnknownTarget, "no such target", $"no target has the host or the path of {Encoding.ASCII.GetString(Head.Authority)}");
        }

        Session.Access = _access = AccessChoice.Of(config, Session.ProvenCaller, target);
        return _access is not null ? null : new Refusal(
            SessionEnd.NotGranted, $"not granted: target \"{target.Name}\"",
            $"no grant gives {Session.ProvenCaller.Identity} the target \"{target.Name}\", or the placeholder is not bound to it");
    }

    /// <summary>Decides by the config in force, which says what target and login are, too.</summary>
    /// <param name="isRun">It counts for the rules' limits.</param>
    /// <returns>A refusal: the config in force does not grant it any more.</returns>
    private async ValueTask<(HttpOperation Request, Decision Decision, Refusal? Refusal)> DecideAsync(bool isRun)
    {
        while (true)
        {
            (Operation operation, Decision decision) = await of.Decider.DecideAsync(_describe ??= Describe, isRun);
            if (IsRenewed)
            {
                return ((HttpOperation)operation, decision, null);
            }

            if (Renew() is { } refusal)
            {
                return ((HttpOperation)operation, decision, refusal);
            }

            isRun = false;
        }
    }

    // The session may have taken over what another config says since the request was seen to be for an API server, or for none.
    private bool IsRenewed => Session.Config.Targets.TryGetValue(Access.Target.Name, out TargetConfig? target) && ReferenceEquals(target, Access.Target)
        && _isKubernetes == (target.Protocol == ProtocolNames.Kubernetes);

    /// <summary>Takes over what the config in force says of the session's target and login, which are still granted: else it would have ended.</summary>
    private Refusal? Renew()
    {
        if (TargetOf(Session.Config)?.Name != Access.Target.Name || AccessChoice.Renewed(Session.Config, Access) is not { } access)
        {
            return new Refusal(SessionEnd.NoLongerGranted, "the session is no longer granted", "another config has its target, its login or its grant no longer");
        }

        Session.Access = _access = access;
        return Recognize() is { } claim ? new Refusal(SessionEnd.ClientBrokeProtocol, claim, claim) : CheckSurface(_slot) ?? Impersonate();
    }

    private TargetConfig? TargetOf(GatewayConfig config)
    {
        RequestTarget asked = Head.ReadTarget();
        return TargetChoice.Of(config).TryFind(Session.Listener, config, Head.Authority, asked.Path, out TargetConfig? target, out _prefix)
            && ProtocolNames.IsOverHttp(target.Protocol) ? target : null;
    }

    private AskedRequest Asked => new(Head, _prefix, _slot);

    private HttpOperation Describe(SessionRules rules)
    {
        (_rules, _judged) = (rules, Process.Time.GetUtcNow());
        HttpOperation request = Asked.Describe(rules, Access.Login.Http, BodyFor(rules));
        _request = _isKubernetes ? request with { Kubernetes = ReadAsKubernetes(request) } : request;
        if (_request is { Kubernetes.Subresource: "exec" or "attach" or "portforward" } || Access.Target.Scrub == ScrubbedBodies.All)
        {
            Head.KeepFramesPlain();
        }

        return _request;
    }

    private ReadOnlySpan<byte> PathOf(in RequestTarget target) => Asked.PathOf(target);
}

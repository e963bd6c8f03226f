using System.Collections.Frozen;
using System.Globalization;
using System.Security.Cryptography;
using WireGate.Core.Approvals;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;

namespace WireGate.Http.Holding;

/// <summary>A request that people are asked about.</summary>
/// <param name="Head">As the upstream will get it, but for the credential.</param>
/// <param name="Body">All of it, without its chunks.</param>
internal readonly record struct HeldRequest(ReadOnlyMemory<byte> Head, ReadOnlyMemory<byte> Body)
{
    private const string BodyContext = "body";

    /// <summary>What people are asked.</summary>
    /// <returns>Null: they would not see all of its head.</returns>
    public ApprovalRequest? Ask(Session session, in Decision decision)
    {
        Caller caller = session.ProvenCaller;
        Access access = session.Access!;
        return TextFor(caller.Identity, access.Target, access.Login) is { } text ? new ApprovalRequest
        {
            Kind = ApprovalKind.Operation,
            Requester = caller.Identity,
            Placeholder = caller.Placeholder?.Id,
            MintedBy = caller.Placeholder?.MintedBy,
            Session = session.Id,
            Target = access.Target.Name,
            Login = access.Login.Name,
            Protocol = access.Target.Protocol,
            Source = session.SourceAddress?.ToString(),
            Digest = text.Digest,
            Key = text.Key,
            Display = text.Display,
            Context = text.Context,
            IsResumable = true,
            Rule = decision.Rule,
            Config = decision.Config,
            Terms = decision.Hold!,
        } : null;
    }

    /// <summary>What people see of it, and by what it is known again.</summary>
    /// <param name="requester">Who makes it.</param>
    /// <param name="target">Of whom.</param>
    /// <param name="login">As whom.</param>
    /// <returns>Null: they would not see all of its head.</returns>
    public BeforehandText? TextFor(Identity requester, TargetConfig target, LoginConfig login)
    {
        if (HeldText.Of(Head.Span, Body.Span, target.Tls.Mode != TlsMode.Disable) is not { } shown)
        {
            return null;
        }

        string protocol = target.Protocol, upstream = UpstreamOf(target);
        FrozenDictionary<string, string> context = FrozenDictionary<string, string>.Empty;
        if (!Body.IsEmpty)
        {
            string hash = Convert.ToHexStringLower(SHA256.HashData(Body.Span));
            string body = string.Create(CultureInfo.InvariantCulture, $"{Body.Length} bytes, sha256 {hash}");
            context = new Dictionary<string, string> { [BodyContext] = body }.ToFrozenDictionary(StringComparer.Ordinal);
        }

        return new BeforehandText(
            ApprovalDigest.Of(protocol, target.Name, upstream, login.Name, requester, "request", Head.Span, [Body], context),
            ApprovalDigest.KeyOf(protocol, target.Name, upstream, null, login.Name, requester.Subject, Head.Span, [Body]),
            shown,
            context);
    }

    /// <summary>To whom it goes, and whether by TLS: of that people see no more than the name of the first.</summary>
    public static string UpstreamOf(TargetConfig target)
    {
        string scheme = target.Tls.Mode != TlsMode.Disable ? "https" : "http";
        return string.Join(", ", target.Addresses.Select(a => $"{scheme}://{a}"));
    }

    /// <summary>Length and digest of the body that people are asked about; null: there is none.</summary>
    public static string? BodyOf(ApprovalRequest asked) => asked.Context.GetValueOrDefault(BodyContext);

    /// <summary>What two requests have different, in general words: whoever came back knows what they sent.</summary>
    public static string Difference(ApprovalRequest asked, ApprovalRequest again)
    {
        if (asked.Kind != again.Kind)
        {
            return asked.Kind == ApprovalKind.Session ? "it is for a session" : "it is not for a session";
        }

        var differs = new List<string>();
        if (asked.Target != again.Target || asked.Login != again.Login || asked.Requester.Issuer != again.Requester.Issuer)
        {
            differs.Add("another target, login or caller");
        }

        if (asked.Kind == ApprovalKind.Operation)
        {
            string before = asked.Display, now = again.Display;
            if (before.Split('\n')[0] != now.Split('\n')[0])
            {
                differs.Add("another method or URL");
            }

            if (BodyOf(asked) != BodyOf(again))
            {
                differs.Add("another body");
            }
        }

        return $"it has {(differs.Count == 0 ? asked.Kind == ApprovalKind.Session ? "other terms" : "other fields" : string.Join(" and ", differs))}";
    }
}

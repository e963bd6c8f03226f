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
        if (HeldText.Of(Head.Span, Body.Span, access.Target.Tls.Mode != TlsMode.Disable) is not { } shown)
        {
            return null;
        }

        string protocol = access.Target.Protocol, upstream = string.Join(", ", access.Target.Addresses);
        FrozenDictionary<string, string> context = FrozenDictionary<string, string>.Empty;
        if (!Body.IsEmpty)
        {
            string hash = Convert.ToHexStringLower(SHA256.HashData(Body.Span));
            string body = string.Create(CultureInfo.InvariantCulture, $"{Body.Length} bytes, sha256 {hash}");
            context = new Dictionary<string, string> { [BodyContext] = body }.ToFrozenDictionary(StringComparer.Ordinal);
        }

        return new ApprovalRequest
        {
            Kind = ApprovalKind.Operation,
            Requester = caller.Identity,
            Placeholder = caller.Placeholder?.Id,
            MintedBy = caller.Placeholder?.MintedBy,
            Session = session.Id,
            Target = access.Target.Name,
            Login = access.Login.Name,
            Protocol = protocol,
            Source = session.SourceAddress?.ToString(),
            Digest = ApprovalDigest.Of(
                protocol, access.Target.Name, upstream, access.Login.Name, caller.Identity, "request", Head.Span, [Body], context),
            Key = ApprovalDigest.KeyOf(protocol, access.Target.Name, upstream, null, access.Login.Name, caller.Identity.Subject, Head.Span, [Body]),
            Display = shown,
            Context = context,
            IsResumable = true,
            Rule = decision.Rule,
            Config = decision.Config,
            Terms = decision.Hold!,
        };
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
            differs.Add("its target, login or caller");
        }

        if (asked.Kind == ApprovalKind.Operation)
        {
            string before = asked.Display, now = again.Display;
            if (before.Split('\n')[0] != now.Split('\n')[0])
            {
                differs.Add("its method or URL");
            }

            if (BodyOf(asked) != BodyOf(again))
            {
                differs.Add("its body");
            }
        }

        return $"{(differs.Count == 0 ? asked.Kind == ApprovalKind.Session ? "its terms" : "its fields" : string.Join(" and ", differs))} differ";
    }
}

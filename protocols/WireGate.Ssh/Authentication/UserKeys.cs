using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using WireGate.Core.Configuration;
using WireGate.Core.Framing;
using WireGate.Core.Sessions;
using WireGate.Ssh.Keys;

namespace WireGate.Ssh.Authentication;

/// <summary>The keys that clients may prove themselves by, as one config has them. Its files are read once, when the config is checked.</summary>
internal sealed class UserKeys
{
    /// <summary>Bytes of a certificate at most. Ours: one of OpenSSH's 256 principals, with RSA keys, stays below.</summary>
    private const int MostCertificateBytes = 32 * 1024;

    // As long as a subject may be that is minted for.
    private const int MostKeyId = 256;

    // Weak, so that the keys of a config that was replaced go with it.
    private static readonly ConditionalWeakTable<SshUsersConfig, UserKeys> Known = [];

    private readonly SshUsersConfig _config;
    private readonly Dictionary<string, Registered> _registered = new(StringComparer.Ordinal);
    private readonly ImmutableArray<SshPublicKey> _authorities = [];
    private readonly RevokedKeys _revoked = RevokedKeys.None;

    private UserKeys(SshUsersConfig config)
    {
        _config = config;
        var files = new UserKeyFiles();
        _authorities = [.. config.UserCertificateAuthorities.SelectMany(files.ReadAuthorities)];
        _revoked = config.RevokedKeysPath is { } path ? files.ReadRevoked(path) : RevokedKeys.None;

        // What stands in the config first: a key that is there twice is told of where its file is named.
        foreach ((SshUserConfig user, string entry) in config.Users.SelectMany(u => u.PublicKeys.Select(k => (u, k))).OrderBy(e => UserKeyFiles.IsFile(e.k)))
        {
            foreach (RegisteredKey key in files.ReadKeys(entry))
            {
                if (!_registered.TryAdd(key.Key.Fingerprint, new Registered(key, IdentityOf(user))))
                {
                    files.Report(entry, $"the key {key.Key.Fingerprint} is registered already: a key stands for one identity, and once");
                }
            }
        }

        Problems = [.. files.Problems];
    }

    /// <summary>What of the config cannot be used, each with the key or path that it is about. Where there is anything, no key is taken.</summary>
    public ImmutableArray<(string Entry, string Problem)> Problems { get; }

    /// <summary>Those of a config; null: nobody may prove itself by a key.</summary>
    public static UserKeys? Of(GatewayConfig config) => config.SshUsers is { } users ? Of(users) : null;

    /// <summary>Those of a config's part.</summary>
    public static UserKeys Of(SshUsersConfig users) => Known.GetValue(users, static u => new UserKeys(u));

    /// <summary>Judges a key that a client names. Costs at most one signature, of an authority that is trusted.</summary>
    /// <param name="algorithm">What the client would sign with.</param>
    /// <param name="blob">The key, or its certificate.</param>
    /// <param name="source">Where the client comes from; null: that is not known.</param>
    /// <param name="now">The time.</param>
    public KeyJudgement Judge(string algorithm, ReadOnlySpan<byte> blob, IPAddress? source, DateTimeOffset now) =>
        !Problems.IsEmpty ? KeyJudgement.Not("the config's keys cannot be read")
        : SshCertificate.PlainName(algorithm) is { } plain ? JudgeCertificate(plain, blob, source, now)
        : JudgeKey(algorithm, SshPublicKey.FingerprintOf(blob));

    /// <summary>Who has a key that was taken once.</summary>
    /// <returns>Null: it would not be taken any more.</returns>
    public Identity? IdentityOf(UserKey key) =>
        !Problems.IsEmpty || _revoked.Has(key.Fingerprint) ? null
        : key.Certificate is not { } certificate ? _registered.GetValueOrDefault(key.Fingerprint)?.Identity
        : _revoked.Has(certificate.KeyId, certificate.Serial) || _revoked.Has(certificate.Authority)
            || !_authorities.Any(a => a.Fingerprint == certificate.Authority) ? null
        : IdentityOf(certificate.KeyId, key.Principals);

    private KeyJudgement JudgeKey(string algorithm, string fingerprint)
    {
        if (!_registered.TryGetValue(fingerprint, out Registered? found))
        {
            return KeyJudgement.Not($"key {fingerprint} is registered to nobody");
        }

        SshPublicKey key = found.Key.Key;
        return _revoked.Has(key) ? KeyJudgement.Not($"key {fingerprint} of {found.Identity} is revoked")
            : !key.SignatureAlgorithms.Contains(algorithm) ? KeyJudgement.Not($"key {fingerprint} of {found.Identity} does not sign by {algorithm} here")
            : new KeyJudgement
            {
                Key = key,
                Algorithm = algorithm,
                Demands = found.Key.Demands,
                Caller = Caller.Of(found.Identity, new UserKey(fingerprint, null, [])),
            };
    }

    private KeyJudgement JudgeCertificate(string algorithm, ReadOnlySpan<byte> blob, IPAddress? source, DateTimeOffset now)
    {
        if (_authorities.IsEmpty || blob.Length > MostCertificateBytes)
        {
            return KeyJudgement.Not(_authorities.IsEmpty ? "a certificate, and no authority is trusted" : $"a certificate of more than {MostCertificateBytes} bytes");
        }

        SshCertificate certificate;
        CertificateStatus status;
        try
        {
            certificate = SshCertificate.Parse(Peer.Client, blob);
            status = certificate.CheckUser(_authorities, null, source, now);
        }
        catch (ProtocolException e)
        {
            return KeyJudgement.Not($"a certificate that cannot be read: {e.Message}");
        }

        string fingerprint = certificate.Key.Fingerprint;
        string? problem = !certificate.Key.SignatureAlgorithms.Contains(algorithm) ? $"its key does not sign by {algorithm} here"
            : ProblemOf(status)
                ?? (certificate.KeyId.Length == 0 ? "it has no key id, which would be its user's name"
                : certificate.KeyId.Length > MostKeyId || !IsName(certificate.KeyId) ? "its key id is no name: it is too long, or has what cannot be printed"
                : _revoked.Has(certificate) ? "it is revoked, or its key or authority is"
                : null);
        if (problem is not null)
        {
            return KeyJudgement.Not(
                $"certificate \"{certificate.KeyId}\" (serial {certificate.Serial}, authority {certificate.Authority.Fingerprint}) of key {fingerprint}: {problem}");
        }

        var known = new UserKey(
            fingerprint, new CallerCertificate(certificate.KeyId, certificate.Serial, certificate.Authority.Fingerprint), certificate.Principals);
        return new KeyJudgement
        {
            Key = certificate.Key,
            Algorithm = algorithm,
            Demands = DemandsOf(certificate),
            Caller = Caller.Of(IdentityOf(certificate.KeyId, certificate.Principals), known),
            Terms = new CertificateTerms(certificate),
        };
    }

    /// <summary>As OpenSSH, but for a key that is no security key, which can never vouch for who verified a user.</summary>
    private static SkFlags DemandsOf(SshCertificate certificate) =>
        (certificate.Key.IsSecurityKey && !certificate.Extensions.ContainsKey("no-touch-required") ? SkFlags.UserPresent : SkFlags.None)
        | (certificate.RequiresUserVerification ? SkFlags.UserVerified : SkFlags.None);

    private static string? ProblemOf(CertificateStatus status) => status switch
    {
        CertificateStatus.Valid => null,
        CertificateStatus.WrongType => "it is a host's",
        CertificateStatus.UntrustedAuthority => "its authority is not one that is trusted",
        CertificateStatus.BadSignature => "its authority did not sign it, or with SHA-1",
        CertificateStatus.NotYetValid => "it is not valid yet",
        CertificateStatus.Expired => "it has expired",
        CertificateStatus.NoPrincipals => "it has no principals",
        CertificateStatus.UnknownCriticalOption => "it has a critical option that is not known here",
        CertificateStatus.WrongSource => "it is for other addresses",
        _ => status.ToString(),
    };

    private Identity IdentityOf(SshUserConfig user) => new() { Issuer = _config.Name, Subject = user.Subject, Groups = user.Groups };

    private Identity IdentityOf(string keyId, ImmutableArray<string> principals) =>
        new() { Issuer = _config.Name, Subject = keyId, Groups = [.. principals.Where(_config.MayAssert.Contains).Distinct()] };

    private sealed record Registered(RegisteredKey Key, Identity Identity);

    /// <summary>Two that people could not tell apart would be two people: one might approve the other.</summary>
    private static bool IsName(string keyId) => keyId.Trim() == keyId && !keyId.Any(c => char.IsControl(c)
        || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate);
}

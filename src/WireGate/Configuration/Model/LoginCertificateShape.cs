using System.Collections.Immutable;
using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;

namespace WireGate.Configuration.Model;

/// <summary><c>certificate</c> of an SSH login.</summary>
internal sealed class LoginCertificateShape : MapShape<LoginCertificateConfig>
{
    // An upstream's clock may be behind, and connecting takes its time; beyond a day it is no longer made for one session.
    private static readonly DurationShape Lifetime = new(TimeSpan.FromSeconds(30), TimeSpan.FromDays(1));

    private readonly Key<string> _authority;
    private readonly Key<TimeSpan> _for;
    private readonly Key<ImmutableArray<string>> _principals;
    private readonly Key<ImmutableArray<string>> _extensions;

    public LoginCertificateShape()
    {
        var names = new ListShape<string>(Words.Foreign, unique: true);
        _authority = Required(
            "authority", Words.RefersTo(NameKind.Secret), c => c.Authority, "The name of the secret that is the authority's private key; its public half is in sshd's TrustedUserCAKeys.");
        _for = Defaulted("for", Lifetime, c => c.Lifetime, "How long it may be presented, 5m by default; a session that has begun lives on.");
        _principals = OptionalValue<ImmutableArray<string>>(
            "principals",
            new ListShape<string>(Words.Foreign, least: 1, unique: true),
            c => c.Principals.IsEmpty ? null : c.Principals,
            "The accounts that it is for; the login's user by default.");
        _extensions = Defaulted("extensions", names, c => c.Extensions, "What it permits, like permit-pty; all that ssh-keygen gives by default.");
    }

    protected override LoginCertificateConfig Build(MapValues values) => new()
    {
        Authority = values.Get(_authority),
        Lifetime = values.Get(_for, LoginCertificateConfig.DefaultLifetime),
        Principals = values.Get(_principals, []),
        Extensions = values.Get(_extensions, LoginCertificateConfig.DefaultExtensions),
    };
}

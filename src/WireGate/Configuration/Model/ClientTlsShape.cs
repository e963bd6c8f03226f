using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;

namespace WireGate.Configuration.Model;

/// <summary><c>tls</c> of a target.</summary>
internal sealed class ClientTlsShape : MapShape<ClientTlsConfig>
{
    private static readonly ChoiceShape<TlsMode> Modes = new(
        [
            ("verify-full", TlsMode.VerifyFull),
            ("verify-ca", TlsMode.VerifyCa),
            ("require", TlsMode.Require),
            ("disable", TlsMode.Disable),
        ],
        new Dictionary<string, string>
        {
            ["prefer"] = Strippable("prefer"),
            ["allow"] = Strippable("allow"),
        });

    private readonly Key<TlsMode> _mode;
    private readonly Key<string> _ca;
    private readonly Key<string> _certificate;
    private readonly Key<string> _key;

    public ClientTlsShape()
    {
        _mode = Defaulted(
            "mode", Modes, t => t.Mode, "verify-full (the default), verify-ca (the name is not checked), require (nothing is checked), disable (in clear).");
        _ca = Optional("ca", Words.PublicFile, t => t.CaPath, "The accepted authorities, a PEM file; the system's by default.");
        _certificate = Optional("certificate", Words.PublicFile, t => t.CertificatePath, "A client certificate, a PEM file.");
        _key = Optional("key", Words.PrivateFile, t => t.KeyPath, "Its key, a PEM file that others cannot read.");
    }

    protected override void Check(MapValues values, ReadContext context)
    {
        if (values.Has(_certificate) != values.Has(_key))
        {
            context.Report(values.Map, values.Has(_key) ? "a key without its certificate, add certificate" : "a certificate without its key, add key");
        }

        if (values.Has(_mode) && !values.TryGet(_mode, out _))
        {
            return;
        }

        TlsMode mode = values.Get(_mode, TlsMode.VerifyFull);
        if (mode is TlsMode.Require or TlsMode.Disable && values.Has(_ca))
        {
            context.Report(values.Node(_ca), "this mode checks nothing against it, use verify-full or remove it");
        }

        if (mode == TlsMode.Disable && values.Has(_certificate))
        {
            context.Report(values.Node(_certificate), "without TLS it is not shown to anybody, remove it or turn TLS on");
        }
    }

    protected override ClientTlsConfig Build(MapValues values) => new()
    {
        Mode = values.Get(_mode, TlsMode.VerifyFull),
        CaPath = values.GetOrNull(_ca),
        CertificatePath = values.GetOrNull(_certificate),
        KeyPath = values.GetOrNull(_key),
    };

    private static string Strippable(string mode) =>
        $"{mode} is refused, because whoever sits on the path can strip its TLS: use verify-full, or disable to say so openly";
}

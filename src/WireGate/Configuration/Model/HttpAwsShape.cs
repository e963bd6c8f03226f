using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;

namespace WireGate.Configuration.Model;

/// <summary><c>aws</c> of a login.</summary>
internal sealed class HttpAwsShape : MapShape<HttpLoginConfig>
{
    /// <summary>The key that says what becomes of bodies.</summary>
    public const string PayloadKey = "payload";

    /// <summary>Its word for those that are not signed.</summary>
    public const string Unsigned = "unsigned";

    private static readonly TextShape Word = new("a word of AWS, like eu-central-1 or s3", "^[a-z0-9][a-z0-9-]{0,62}$");

    private readonly Key<string> _accessKey;
    private readonly Key<string> _secretKey;
    private readonly Key<string> _sessionToken;
    private readonly Key<string> _region;
    private readonly Key<string> _service;
    private readonly Key<bool> _payload;

    public HttpAwsShape()
    {
        _accessKey = Required("accessKey", Words.RefersTo(NameKind.Secret), a => a.Aws!.AccessKey, "The name of the secret that is the access key id.");
        _secretKey = Required("secretKey", Words.RefersTo(NameKind.Secret), a => a.Secret, "The name of the secret that is the secret access key.");
        _sessionToken = Optional("sessionToken", Words.RefersTo(NameKind.Secret), a => a.Aws!.SessionToken, "The name of the secret that is the session token, of keys that end.");
        _region = Required("region", Word, a => a.Aws!.Region, "The region, like eu-central-1.");
        _service = Required("service", Word, a => a.Aws!.Service, "The service's name in signatures, like s3, sqs or execute-api.");
        _payload = Defaulted(
            PayloadKey,
            new ChoiceShape<bool>([("signed", false), (Unsigned, true)]),
            a => a.Aws!.IsPayloadUnsigned,
            "signed (the default), or unsigned: bodies of any length, for S3 over TLS.");
    }

    protected override void Check(MapValues values, ReadContext context)
    {
        if (values.Get(_payload, false) && values.TryGet(_service, out string? service) && !service.StartsWith("s3", StringComparison.Ordinal))
        {
            context.Report(values.Node(_payload), "only s3 takes bodies that are not signed, remove it");
        }
    }

    protected override HttpLoginConfig Build(MapValues values) => new()
    {
        Secret = values.Get(_secretKey),
        Surface = HttpSurface.Signature,
        Aws = new AwsSigningConfig
        {
            AccessKey = values.Get(_accessKey),
            SessionToken = values.GetOrNull(_sessionToken),
            Region = values.Get(_region),
            Service = values.Get(_service),
            IsPayloadUnsigned = values.Get(_payload, false),
        },
    };
}

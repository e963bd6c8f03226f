namespace WireGate.Core.Configuration;

/// <summary>How requests are signed for AWS, with Signature Version 4; the login's secret is the secret access key.</summary>
public sealed record AwsSigningConfig
{
    /// <summary>Name of the secret that is the access key id.</summary>
    public required string AccessKey { get; init; }

    /// <summary>Name of the secret that is the session token; null: the key is one without.</summary>
    public string? SessionToken { get; init; }

    /// <summary>Like <c>eu-central-1</c>.</summary>
    public required string Region { get; init; }

    /// <summary>The service's name in signatures, like <c>s3</c>.</summary>
    public required string Service { get; init; }

    /// <summary>
    /// Bodies are not signed, which goes with S3 and TLS alone: they pass as they come, of whatever length. False: of those whose hash the client
    /// does not say, all is read first.
    /// </summary>
    public bool IsPayloadUnsigned { get; init; }

    /// <summary>It is S3, in one of its forms, which encodes paths once and wants the payload's hash in a field.</summary>
    public bool IsS3 => Service.StartsWith("s3", StringComparison.Ordinal);
}

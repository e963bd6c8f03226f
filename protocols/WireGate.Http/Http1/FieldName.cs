using System.Text;

namespace WireGate.Http.Http1;

/// <summary>Names of fields that mean something to a gateway. What is not here is carried as it came.</summary>
internal enum FieldName : byte
{
    /// <summary>Any other.</summary>
    Other = 0,

    Accept,
    AcceptEncoding,
    AcceptRanges,
    AccessControlAllowOrigin,
    Alpn,
    AltSvc,
    Authorization,

    /// <summary>Any that has a hash of a body, by the names of those who store them.</summary>
    BodyHash,
    CacheControl,

    /// <summary>Any of <see cref="ClaimFields"/>.</summary>
    Claim,
    Connection,
    ContentDigest,
    ContentEncoding,
    ContentLength,
    ContentLocation,
    ContentMd5,
    ContentRange,
    ContentType,
    Cookie,
    Digest,
    ETag,
    Expect,
    Forwarded,
    GrpcAcceptEncoding,
    Host,
    Http2Settings,
    IfMatch,
    IfNoneMatch,
    IfRange,
    KeepAlive,
    Link,
    Location,
    Prefer,
    Priority,
    ProxyAuthenticate,
    ProxyAuthenticationInfo,
    ProxyAuthorization,
    ProxyConnection,
    Range,
    Refresh,
    ReprDigest,
    SecWebSocketAccept,
    SecWebSocketExtensions,
    SecWebSocketKey,
    SecWebSocketProtocol,
    SecWebSocketVersion,
    SetCookie,
    Te,
    Trailer,
    TransferEncoding,
    Upgrade,
    Via,
    WireGateApproval,
    WwwAuthenticate,
    XHttpMethod,
    XHttpMethodOverride,
    XMethodOverride,
}

/// <summary>Finds the name that bytes spell, in whatever case.</summary>
internal static class FieldNames
{
    private static readonly (byte[] Spelling, FieldName Name)[][] ByLength = Sort(
        (FieldName.Accept, "accept"),
        (FieldName.AcceptEncoding, "accept-encoding"),
        (FieldName.AcceptRanges, "accept-ranges"),
        (FieldName.AccessControlAllowOrigin, "access-control-allow-origin"),
        (FieldName.Alpn, "alpn"),
        (FieldName.AltSvc, "alt-svc"),
        (FieldName.Authorization, "authorization"),
        (FieldName.BodyHash, "content-sha256"),
        (FieldName.BodyHash, "x-amz-checksum-crc32"),
        (FieldName.BodyHash, "x-amz-checksum-crc32c"),
        (FieldName.BodyHash, "x-amz-checksum-crc64nvme"),
        (FieldName.BodyHash, "x-amz-checksum-sha1"),
        (FieldName.BodyHash, "x-amz-checksum-sha256"),
        (FieldName.BodyHash, "x-checksum-md5"),
        (FieldName.BodyHash, "x-checksum-sha1"),
        (FieldName.BodyHash, "x-checksum-sha256"),
        (FieldName.BodyHash, "x-checksum-sha512"),
        (FieldName.BodyHash, "x-content-md5"),
        (FieldName.BodyHash, "x-goog-hash"),
        (FieldName.BodyHash, "x-ms-blob-content-md5"),
        (FieldName.BodyHash, "x-ms-content-crc64"),
        (FieldName.BodyHash, "x-ms-content-md5"),
        (FieldName.BodyHash, "x-oss-hash-crc64ecma"),
        (FieldName.BodyHash, "x-cos-hash-crc64ecma"),
        (FieldName.CacheControl, "cache-control"),
        (FieldName.Connection, "connection"),
        (FieldName.ContentDigest, "content-digest"),
        (FieldName.ContentEncoding, "content-encoding"),
        (FieldName.ContentLength, "content-length"),
        (FieldName.ContentLocation, "content-location"),
        (FieldName.ContentMd5, "content-md5"),
        (FieldName.ContentRange, "content-range"),
        (FieldName.ContentType, "content-type"),
        (FieldName.Cookie, "cookie"),
        (FieldName.Digest, "digest"),
        (FieldName.ETag, "etag"),
        (FieldName.Expect, "expect"),
        (FieldName.Forwarded, "forwarded"),
        (FieldName.GrpcAcceptEncoding, "grpc-accept-encoding"),
        (FieldName.Host, "host"),
        (FieldName.Http2Settings, "http2-settings"),
        (FieldName.IfMatch, "if-match"),
        (FieldName.IfNoneMatch, "if-none-match"),
        (FieldName.IfRange, "if-range"),
        (FieldName.KeepAlive, "keep-alive"),
        (FieldName.Link, "link"),
        (FieldName.Location, "location"),
        (FieldName.Prefer, "prefer"),
        (FieldName.Priority, "priority"),
        (FieldName.ProxyAuthenticate, "proxy-authenticate"),
        (FieldName.ProxyAuthenticationInfo, "proxy-authentication-info"),
        (FieldName.ProxyAuthorization, "proxy-authorization"),
        (FieldName.ProxyConnection, "proxy-connection"),
        (FieldName.Range, "range"),
        (FieldName.Refresh, "refresh"),
        (FieldName.ReprDigest, "repr-digest"),
        (FieldName.SecWebSocketAccept, "sec-websocket-accept"),
        (FieldName.SecWebSocketExtensions, "sec-websocket-extensions"),
        (FieldName.SecWebSocketKey, "sec-websocket-key"),
        (FieldName.SecWebSocketProtocol, "sec-websocket-protocol"),
        (FieldName.SecWebSocketVersion, "sec-websocket-version"),
        (FieldName.SetCookie, "set-cookie"),
        (FieldName.Te, "te"),
        (FieldName.Trailer, "trailer"),
        (FieldName.TransferEncoding, "transfer-encoding"),
        (FieldName.Upgrade, "upgrade"),
        (FieldName.Via, "via"),
        (FieldName.WireGateApproval, "wiregate-approval"),
        (FieldName.WwwAuthenticate, "www-authenticate"),
        (FieldName.XHttpMethod, "x-http-method"),
        (FieldName.XHttpMethodOverride, "x-http-method-override"),
        (FieldName.XMethodOverride, "x-method-override"));

    /// <summary>The name; <see cref="FieldName.Other"/>: none of these.</summary>
    public static FieldName Of(ReadOnlySpan<byte> name)
    {
        if (name.Length < ByLength.Length)
        {
            foreach ((byte[] spelling, FieldName known) in ByLength[name.Length])
            {
                if (Ascii.EqualsIgnoreCase(name, spelling))
                {
                    return known;
                }
            }
        }

        return ClaimFields.Is(name) ? FieldName.Claim : FieldName.Other;
    }

    private static (byte[] Spelling, FieldName Name)[][] Sort(params (FieldName Name, string Spelling)[] names)
    {
        var sorted = new (byte[], FieldName)[names.Max(n => n.Spelling.Length) + 1][];
        for (int length = 0; length < sorted.Length; length++)
        {
            sorted[length] = [.. names.Where(n => n.Spelling.Length == length).Select(n => (Encoding.ASCII.GetBytes(n.Spelling), n.Name))];
        }

        return sorted;
    }
}

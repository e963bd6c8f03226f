namespace WireGate.Http.Http1;

/// <summary>Fields that are about one connection, and are never passed on (RFC 9110 section 7.6.1, and what others forgot to list in Connection).</summary>
internal static class HopByHop
{
    /// <summary>Whether a field ends here. What goes on of it is written anew.</summary>
    public static bool Is(FieldName name) => name is FieldName.Connection or FieldName.KeepAlive or FieldName.ProxyConnection
        or FieldName.ProxyAuthenticate or FieldName.ProxyAuthorization or FieldName.ProxyAuthenticationInfo or FieldName.Te or FieldName.Trailer
        or FieldName.TransferEncoding or FieldName.Upgrade or FieldName.Http2Settings or FieldName.Alpn or FieldName.AltSvc;
}

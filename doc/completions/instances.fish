function __s6_native_instances --description 'names of the instances of the service that the command line names'
    set --local service (__s6_native_instanced)
    test -n "$service"; or return
    for instance in $service/instance/*/
        printf '%s\tinstance\n' (string replace --regex '.*/([^/]*)/$' '$1' -- $instance)
    end
end

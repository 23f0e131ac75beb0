function __s6_native_services --description 'services in the scan directory, or with --names only their names'
    for directory in $S6_SCANDIR /run/openrc/s6-scan /run/service /service
        test -d $directory; or continue
        for service in $directory/*/
            set service (string trim --right --chars=/ -- $service)
            test "$argv[1]" = --names; and set service (string replace --regex '.*/' '' -- $service)
            printf '%s\tservice\n' $service
        end
        break
    end
    test "$argv[1]" = --names; or __fish_complete_directories
end
